"""The bundled sample: it follows from its code, is small, and says what it should."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter, defaultdict
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.demo import sample
from pipeline.demo.billing import billed
from pipeline.demo.copy_sample import copy_sample
from pipeline.demo.organization import acme
from pipeline.demo.traffic import calls
from pipeline.demo.workloads import UNPRICED_MODEL
from pipeline.errors import ConfigError
from pipeline.resources import folder

SAMPLE = folder("data") / "sample"


def test_sample_is_what_its_code_writes(tmp_path: Path) -> None:
    """`python -m pipeline.demo.sample` gives the committed files, whatever stood there before.

    Compressed ones are read first, since two builds of zlib may pack the same text differently.
    """
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "left-over.txt").write_text("old")
    sample.write(tmp_path / "again")
    assert _contents(tmp_path / "again") == _contents(SAMPLE)
    packed = {name: raw for name, raw in _bytes(tmp_path / "again").items() if name[-3:] == ".gz"}
    assert packed
    for name, raw in packed.items():
        assert sample.compressed(gzip.decompress(raw).decode()) == raw, name


def test_gzip_header_has_no_time_and_no_name() -> None:
    """Bytes 4 to 8 are the time, bit 3 of byte 3 says that a name follows."""
    header = sample.compressed("text\n")
    assert header[4:8] == bytes(4)
    assert header[3] & 0x08 == 0
    assert gzip.decompress(header) == b"text\n"


def test_sample_is_small() -> None:
    """It travels in the wheel: at most 1.5 MB compressed."""
    packed = sum(
        len(content if name.endswith(".gz") else gzip.compress(content))
        for name, content in _bytes(SAMPLE).items()
    )
    assert packed < 1_500_000


def test_configuration_is_valid_and_its_paths_find_files() -> None:
    """The sample's tollbook.toml passes the configuration's own checks, and every path exists."""
    given = load(SAMPLE / "tollbook.toml")
    assert given.organization.id == acme().id
    for source in given.sources:
        for pattern in source.path:
            assert list(SAMPLE.glob(str(Path(pattern).relative_to(SAMPLE.resolve()))))
    assert all(path.is_file() for path in given.prices.files)
    projects = {project.id for project in acme().projects}
    assert {b.project for b in given.budgets} - {None} < projects
    assert {d.project for d in given.discounts} < projects


def test_budgets_of_the_newest_month_are_over_near_and_fine() -> None:
    """One budget over, the organization's between 80 and 100 percent, the others below."""
    spent: dict[str | None, Decimal] = defaultdict(Decimal)
    zone = acme().zone
    for call in calls(acme(), date(2026, 10, 31), sample.LAST_DAY + timedelta(days=1)):
        local = call.at.replace(tzinfo=UTC).astimezone(zone)
        if local.month == 11 and call.model != UNPRICED_MODEL:
            for item in billed(call):
                for subject in (None, call.project.id):
                    spent[subject] += item.amount_usd
    ratios = {
        budget.id: spent[budget.project] / (budget.amount_usd or 0)
        for budget in load(SAMPLE / "tollbook.toml").budgets
        if budget.scope is None
    }
    assert ratios["code-monthly"] > Decimal("1.05")
    assert Decimal("0.72") < ratios["acme-monthly"] < Decimal("0.90")  # storage and tools add 8 %
    assert ratios["contracts-monthly"] < Decimal("0.78")
    assert ratios["support-monthly"] < Decimal("0.78")


def test_costs_add_up_what_the_calls_cost() -> None:
    """The bill of October is, to the last digit, its calls, tools and stated extras."""
    page = json.loads((SAMPLE / "costs" / "2026-10.json").read_text())["page"]
    project = acme().project("contracts").id
    shown = sum(
        Decimal(row["amount"]["value"])
        for bucket in page["data"]
        for row in bucket["results"]
        if row["project_id"] == project and row["line_item"].startswith("gpt-5.4-2026-03-05")
    )
    counted = sum(
        item.amount_usd
        for call in calls(acme(), date(2026, 9, 30), date(2026, 11, 2))
        if call.project.id == project and call.at.month == 10
        for item in billed(call)
    )
    assert shown == counted > 100


def test_every_saved_page_covers_its_days() -> None:
    """An envelope says what it covers; its buckets are those days, one after the other."""
    pages = sorted([*SAMPLE.glob("usage/*.json"), *SAMPLE.glob("costs/*.json")])
    assert len(pages) == 15
    for path in pages:
        saved = json.loads(path.read_text())
        starts = [bucket["start_time"] for bucket in saved["page"]["data"]]
        asked = saved["parameters"]
        assert starts == list(range(asked["start_time"], asked["end_time"], 86_400))
        assert len(starts) <= asked["limit"]
        dimensions = set(asked["group_by"])
        for bucket in saved["page"]["data"]:
            assert all(dimensions <= row.keys() for row in bucket["results"])


def test_newest_log_has_its_flaws() -> None:
    """Two lines that are no JSON, three impossible ones, five repeats, one corrected record."""
    lines = _lines("logs/2026-W47.jsonl.gz")
    before = _lines("logs/2026-W46.jsonl.gz")
    broken = [text for text in lines if not _is_json(text)]
    assert len(broken) == 2
    bodies = [json.loads(text) for text in lines if _is_json(text)]
    chats = [b for b in bodies if b.get("object") == "chat.completion"]
    usages = [b["usage"] for b in chats]
    assert sum(isinstance(u["prompt_tokens"], str) for u in usages) == 1
    assert (
        sum(
            u["prompt_tokens_details"]["cached_tokens"] > u["prompt_tokens"]
            for u in usages
            if isinstance(u["prompt_tokens"], int)
        )
        == 1
    )
    assert sum(b["created"] > 1_900_000_000 for b in chats) == 1
    assert sum(count - 1 for count in Counter([*before, *lines]).values()) == 5
    earlier = {json.loads(text).get("id"): text for text in before}
    changed = [b["id"] for b in chats if b["id"] in earlier and _dump(b) != earlier[b["id"]]]
    assert len(changed) == 1


def test_directory_names_every_project() -> None:
    """The names of projects, archived ones included, and whether they are archived."""
    with (SAMPLE / "directory" / "projects.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["project_id"] for row in rows} == {project.id for project in acme().projects}
    assert {row["project_name"]: row["state"] for row in rows if row["archived_at"]} == {
        "Hackathon 2026": "archived"
    }


def test_copy_gives_the_sample_and_leaves_an_earlier_copy_alone(tmp_path: Path) -> None:
    """A second demo carries on in the folder of the first."""
    configuration = copy_sample(tmp_path / "new" / "demo")
    assert configuration == tmp_path / "new" / "demo" / "tollbook.toml"
    assert _bytes(configuration.parent) == _bytes(SAMPLE)
    configuration.write_text("# mine\n")
    assert copy_sample(tmp_path / "new" / "demo").read_text() == "# mine\n"
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "demo"]


def test_copy_refuses_a_folder_of_something_else(tmp_path: Path) -> None:
    """Nothing of the user's is mixed with the sample; the error says what to do."""
    (tmp_path / "thesis.txt").write_text("chapter 1")
    with pytest.raises(ConfigError, match=r"was not made by .tollbook demo.*--into"):
        copy_sample(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_copy_into_an_empty_folder(tmp_path: Path) -> None:
    """A folder that was made for it is fine."""
    assert copy_sample(tmp_path).is_file()


def _lines(name: str) -> list[str]:
    return gzip.decompress((SAMPLE / name).read_bytes()).decode().splitlines()


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _dump(body: object) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _bytes(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def _contents(root: Path) -> dict[str, bytes]:
    return {
        name: gzip.decompress(content) if name.endswith(".gz") else content
        for name, content in _bytes(root).items()
    }
