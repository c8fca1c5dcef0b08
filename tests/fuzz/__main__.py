"""Fuzz one parser for some time: `python -m tests.fuzz PARSER --seconds 60`.

With atheris (`pip install atheris`) guided by what of the parser's code was reached; without it by
documents of its kind that are spoiled at random. What fails is kept in the working folder.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fuzz.hostile import DOCUMENTS, spoiled

if TYPE_CHECKING:
    from tests.fuzz.parsers import Parser

TOO_SLOW_SECONDS = 30


def main() -> int:
    """Gives 0 where nothing failed."""
    words = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    words.add_argument("parser")
    words.add_argument("--seconds", type=float, default=60)
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    guide, parsers = _parsers()
    if given.parser not in parsers.PARSERS:
        words.error(f"{given.parser!r} is not one of {', '.join(parsers.PARSERS)}")
    with tempfile.TemporaryDirectory() as folder:
        chosen, kept = parsers.PARSERS[given.parser], Path(folder)
        if guide is None:
            return _at_random(chosen, given.seconds, given.seed, kept)
        return _guided(guide, chosen, given.seconds, given.seed, kept)


def _parsers() -> tuple[Any, Any]:
    """Atheris, or None, and the module of the parsers, which it watches from its import on."""
    try:
        import atheris  # noqa: PLC0415  installed by who wants it
    except ImportError:
        return None, importlib.import_module("tests.fuzz.parsers")
    with atheris.instrument_imports(include=["pipeline"]):
        return atheris, importlib.import_module("tests.fuzz.parsers")


def _at_random(parser: Parser, seconds: float, seed: int, folder: Path) -> int:
    from tests.fuzz.parsers import parse  # noqa: PLC0415  watched: see `_parsers`

    draw = random.Random(seed)
    until = time.monotonic() + seconds
    count = failed = 0
    waiting = [*parser.seeds, *DOCUMENTS]
    while time.monotonic() < until:
        if not waiting and not parser.seeds:
            break
        content = waiting.pop() if waiting else spoiled(draw.choice(parser.seeds), draw)
        started = time.monotonic()
        try:
            parse(parser, content, folder)
        except Exception as error:  # noqa: BLE001  any is what is looked for
            failed += 1
            _keep(parser, content, failed, f"{type(error).__name__}: {error}")
        if time.monotonic() - started > TOO_SLOW_SECONDS:
            failed += 1
            _keep(parser, content, failed, "took too long")
        count += 1
    print(f"{parser.name}: {count:,} documents, {failed} failed")
    return 1 if failed else 0


def _keep(parser: Parser, content: bytes, number: int, why: str) -> None:
    path = Path(f"fuzz-{parser.name}-{number}")
    path.write_bytes(content)
    print(f"{path}: {why[:300]}", file=sys.stderr)


def _guided(atheris: Any, parser: Parser, seconds: float, seed: int, folder: Path) -> int:
    from tests.fuzz.parsers import parse  # noqa: PLC0415  as above

    draw = random.Random(seed)
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, content in enumerate([*parser.seeds, *(d for d in DOCUMENTS if len(d) < 5_000)]):
        (corpus / str(number)).write_bytes(content)

    def one(content: bytes) -> None:
        parse(parser, content, folder)

    def mutate(content: bytes, most: int, number: int) -> bytes:
        draw.seed(number)
        if draw.random() < 0.5:
            return spoiled(content, draw)[:most]
        return bytes(atheris.Mutate(content, most))

    words = [f"-max_total_time={int(seconds)}", "-max_len=200000", f"-timeout={TOO_SLOW_SECONDS}"]
    atheris.Setup([sys.argv[0], *words, f"-seed={seed}", str(corpus)], one, custom_mutator=mutate)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
