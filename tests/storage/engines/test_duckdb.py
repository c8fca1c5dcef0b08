"""How connections are set up for our own work."""

from __future__ import annotations

import duckdb
import pytest

from pipeline.storage.engines.duckdb import leave_a_core


@pytest.mark.parametrize(("threads", "beside"), [(1, 1), (2, 1), (8, 7)])
def test_one_core_is_left_to_who_works_beside(threads: int, beside: int) -> None:
    """And taken back after that, also where it failed."""

    def known() -> int:
        [(found,)] = con.execute("SELECT current_setting('threads')").fetchall()
        return int(found)

    def read() -> None:
        with leave_a_core(con):
            assert known() == beside
            raise ValueError("no file")

    with duckdb.connect(config={"threads": threads}) as con:
        with pytest.raises(ValueError, match="no file"):
            read()
        assert known() == threads
