"""The real command in this process: a process of its own takes a second to import the program."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
import structlog

from pipeline.__main__ import main
from pipeline.network import guard


def command(folder: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    """Call `tollbook` in a folder. Gives the exit code and what it prints on stdout and stderr."""
    told, said = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["tollbook", *words])
        patch.chdir(folder)
        for name, value in {"NO_COLOR": "1", **environment}.items():
            patch.setenv(name, value)
        structlog.reset_defaults()
        (networks, redirects) = guard.allow(())
        try:
            with (
                contextlib.redirect_stdout(told),
                contextlib.redirect_stderr(said),
                pytest.raises(SystemExit) as end,
            ):
                main()
        finally:
            guard.allow(networks, redirects=redirects)
    code = end.value.code
    assert code is None or isinstance(code, int)
    told.seek(0)
    said.seek(0)
    return code or 0, told.read(), said.read()
