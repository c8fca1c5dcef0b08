"""The claims of the guide that need no run, and that each claim has its test."""

from __future__ import annotations

import ast
import io
import re
import tarfile
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import zstandard

import pipeline
from pipeline.config.load import load
from pipeline.csv_table import CellError, identifier
from pipeline.errors import ConfigError, RunFailedError, TollbookError
from pipeline.intake.files.compression import head_of
from pipeline.network import guard
from pipeline.network.guard import PrivateAddressError
from pipeline.published.read_only_sql import read_only
from pipeline.runs.kinds import KINDS
from pipeline.storage.backup.restore import restore
from pipeline.storage.layout import StorageLayout
from tests.fuzz.parsers import PARSERS, parse

HERE = Path(__file__).parent
GUIDE = HERE.parents[1] / "data" / "guides" / "security.md"
NOW = datetime(2026, 11, 24)


def test_each_claim_has_a_test() -> None:
    """Of its number, once."""
    claims = [
        int(n) for n in re.findall(r"^(\d+)\. ", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    tests = [
        int(n)
        for path in HERE.glob("test_*.py")
        for n in re.findall(
            r"^def test_claim_(\d+)_", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert claims == sorted(tests) == list(range(1, len(claims) + 1))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
    ],
)
def test_claim_01_private_addresses_are_refused(address: str) -> None:
    """More of it in tests/network."""
    guard.allow(())
    with pytest.raises(PrivateAddressError):
        guard.check(address)
    guard.allow((address,))
    guard.check(address)


def test_claim_02_redirects_are_refused() -> None:
    """What each library does with it is in tests of network, intake and the API's client."""
    guard.allow(())
    assert not guard.may_redirect()
    guard.allow((), redirects=True)
    assert guard.may_redirect()


def test_claim_03_a_key_in_a_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """In the configuration and in the directory's files."""
    path = tmp_path / "tollbook.toml"
    secret = "sk-admin-very-secret"  # noqa: S105  a made-up one
    path.write_text(f'[[sources]]\nname = "a"\nkind = "openai"\nkey = "{secret}"\n')
    with pytest.raises(ConfigError) as refused:
        load(path, KINDS)
    assert "a key does not belong into a file" in str(refused.value)
    assert secret not in str(refused.value)
    with pytest.raises(CellError) as cell:
        identifier(secret)
    assert secret not in str(cell.value)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '/tmp/x'",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "SET enable_external_access = true",
        "CREATE SECRET (TYPE s3)",
        "SELECT 1; SELECT 2",
        "FROM read_text('/etc/passwd')",
        "FROM read_blob('/etc/passwd')",
        "FROM sqlite_scan('/tmp/x.db', 't')",
        "FROM postgres_scan('', '', '')",
        "FROM query('SELECT 1')",
        "WITH a AS (COPY (SELECT 1) TO '/tmp/x') FROM a",
    ],
)
def test_claim_10_sql_only_reads(sql: str) -> None:
    """The locks behind the check are in tests/published/test_reader.py."""
    with duckdb.connect() as con, pytest.raises(ConfigError):
        read_only(con, sql)


@pytest.mark.parametrize("name", ["../outside", "/outside", "raw/../../outside", "..", "."])
def test_claim_12_a_backup_writes_only_into_its_folder(name: str, tmp_path: Path) -> None:
    """Nor is what has no hash in its manifest taken."""
    archive = tmp_path / "backup.tar"
    with tarfile.open(archive, "w") as tar:
        info = tarfile.TarInfo(name)
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    root = tmp_path / "deep" / "root"
    with pytest.raises(TollbookError) as refused:
        restore(archive, StorageLayout(root), is_replacing=False, real_now=NOW)
    assert isinstance(refused.value, RunFailedError)
    assert {path.name for path in tmp_path.rglob("*")} <= {"backup.tar", "deep", "root", "lock"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_a_backup_with_a_link_is_refused(kind: bytes, tmp_path: Path) -> None:
    """A link may lead anywhere."""
    archive = tmp_path / "backup.tar"
    with tarfile.open(archive, "w") as tar:
        info = tarfile.TarInfo("raw")
        info.type, info.linkname = kind, "/etc"
        tar.addfile(info)
    with pytest.raises(RunFailedError, match="is no file of a storage"):
        restore(archive, StorageLayout(tmp_path / "root"), is_replacing=False, real_now=NOW)


def test_claim_13_a_bomb_is_not_unpacked_whole() -> None:
    """The limits are in tests/intake/files/test_compression.py."""
    assert head_of(zstandard.compress(b"\0" * (64 << 20)), 10) == b"\0" * 10


def test_claim_14_nothing_read_is_run(tmp_path: Path) -> None:
    """No module can: neither pickle nor YAML nor eval nor a shell. Fuzzing is in tests/fuzz."""
    banned = {"pickle", "marshal", "shelve", "yaml", "dill", "cloudpickle", "subprocess", "runpy"}
    calls = {"eval", "exec", "compile", "__import__"}
    found = []
    for path in Path(pipeline.__file__).parent.rglob("*.py"):
        if path.parent.name == "engines":  # start and serve processes of our own
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {str(node.module).split(".")[0]}
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = {node.func.id} & calls
            elif isinstance(node, ast.Attribute) and node.attr in {"system", "popen"}:
                is_os = isinstance(node.value, ast.Name) and node.value.id == "os"
                names = {f"os.{node.attr}"} if is_os else set()
            else:
                continue
            found += [(path.name, name) for name in names & (banned | calls | {"os.system"})]
    assert found == []
    assert parse(PARSERS["request_log"], b"cos\nsystem\n(S'true'\ntR.", tmp_path)
