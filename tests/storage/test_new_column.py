"""A new column of `usage` and `charges` is a line of schemas.py, also in a storage that is there.

The lines are added to a copy of the package, which then runs on what 0.1.0 wrote.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline import resources

WRITTEN = Path(__file__).with_name("written_by") / "0958ad3.tar.xz"
LINES = (
    # after the column of a usage record, and after the dimension of a charge
    (
        '    "is_batch": pl.Boolean(),\n',
        '    "is_batch": pl.Boolean(),\n    "region": pl.String(),\n',
    ),
    (
        "DEFAULTS_OF_OLDER_FILES: dict[str, str] = {}",
        'DEFAULTS_OF_OLDER_FILES: dict[str, str] = {"region": "anywhere"}',
    ),
)
SOURCE = """
[[sources]]
name = "records"
kind = "records"
path = ["records/*.csv"]
"""
RECORDS = """record_id,started_at,project_id,model,region,text_input_tokens,requests
r1,2026-11-20T10:00:00Z,proj_chatbot,alpha,eu,1000000,1
r2,2026-11-20T10:00:00Z,proj_chatbot,alpha,us,2000000,1
r3,2026-11-20T10:00:00Z,proj_chatbot,alpha,,4000000,1
"""
PROGRAM = """
import json, sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from pipeline.config.load import load
from pipeline.published.reader import open_published
from pipeline.runs.run import run_batch

config = load(Path("tollbook.toml"))
now = datetime(2026, 11, 24, 10)
run_batch(config, now=now, real_clock=lambda: datetime(2026, 11, 28), environment={}, say=None)
with open_published(config.storage.root / "published") as con:
    print(json.dumps([con.execute(query).fetchall() for query in sys.argv[1:]]))
"""
CHARGED = (
    "SELECT region, CAST(CAST(sum(cost_usd) AS DECIMAL(10,2)) AS VARCHAR) AS cost_usd "
    "FROM {view} GROUP BY ALL ORDER BY ALL"
)


@pytest.mark.slow
def test_a_column_is_added_where_older_files_lack_it(tmp_path: Path) -> None:
    """Read from a file, summed and charged by; what was before has the default, and its cost."""
    package = tmp_path / "package"
    shutil.copytree(Path(resources.__file__).parent, package / "pipeline")
    for name in ("queries", "data"):
        shutil.copytree(resources.folder(name), package / name, dirs_exist_ok=True)
    schemas = package / "pipeline" / "schemas.py"
    text = schemas.read_text(encoding="utf-8")
    for old, new in LINES:
        assert old in text
        text = text.replace(old, new)
    schemas.write_text(text, encoding="utf-8")

    folder = tmp_path / "folder"
    with tarfile.open(WRITTEN) as packed:
        packed.extractall(folder, filter="tar")
    with (folder / "tollbook.toml").open("a", encoding="utf-8") as file:
        file.write(SOURCE)
    (folder / "records").mkdir()
    (folder / "records" / "a.csv").write_text(RECORDS, encoding="utf-8")
    used = "SELECT region, count(*) FROM usage WHERE basis = 'charge' GROUP BY ALL ORDER BY ALL"
    queries = [CHARGED.format(view=view) for view in ("charges", "charge_postings")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *queries, used],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    charged, posted, counted = json.loads(done.stdout.splitlines()[-1])
    before = sum(
        Decimal(row["cost_usd"] or 0)
        for row in json.loads((folder / "published.json").read_text(encoding="utf-8"))["charges"]
    )
    assert charged == [["anywhere", f"{before + 4:.2f}"], ["eu", "1.00"], ["us", "2.00"]]
    assert posted == charged
    assert counted == [["anywhere", 8], ["eu", 1], ["us", 1]]
