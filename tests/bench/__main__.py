"""Measures a whole run beside DuckDB's bare load of the same file, on the same two cores.

python -m tests.bench                        # 3 million rows; some minutes
python -m tests.bench --work DIR             # keep the generated input there
python -m tests.bench --only load,run        # the one ratio
python -m tests.bench --only rows            # cost against rows: 1, 3, 10, 30 million
python -m tests.bench --only files           # 60 and 360 files of a day beside one of their rows
python -m tests.bench --only history --rows-a-day 5000    # against 10, 100, 1,000 days
python -m tests.bench --only peers           # DuckDB, polars, genai-prices, LiteLLM on the rows
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

from tests.bench.generate import DAYS
from tests.bench.measure import CommandFailedError, hold_to, machine
from tests.bench.parts import PARTS, USUAL, Bench
from tests.bench.table import print_table

CORES = 2


def main() -> int:
    """Measure what was asked for and print it; 1 where a command failed or a total is wrong."""
    given = _arguments()
    unknown = sorted(set(given.only) - set(PARTS))
    if unknown:
        print(f"--only: {unknown[0]!r} is none of {', '.join(PARTS)}", file=sys.stderr)
        return 2
    cores = hold_to(CORES)
    print("\n".join(machine(cores)))
    with tempfile.TemporaryDirectory(prefix="tollbook-bench-") as temporary:
        work = given.work.resolve() if given.work else Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        bench = Bench(
            work=work,
            command=tuple(shlex.split(given.command)),
            rows=given.rows,
            rows_a_day=given.rows_a_day,
            history_days=(DAYS, given.long_history),
            repeat=given.repeat,
            cores=len(cores) or CORES,
            growing_rows=given.growing_rows,
            growing_days=given.growing_days,
            growing_files=given.growing_files,
            sample=given.sample,
            peers_python=given.peers_python,
        )
        try:
            findings = bench.measure(tuple(part for part in PARTS if part in given.only))
        except CommandFailedError as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    print_table(findings)
    return 0 if all(finding.is_right for finding in findings) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=3_000_000, help="lines of the big log")
    parser.add_argument("--rows-a-day", type=int, default=20_000, help="lines of each day's file")
    parser.add_argument("--long-history", type=int, default=360, help="days of the long history")
    parser.add_argument("--repeat", type=int, default=3, help="alternating runs of each side")
    parser.add_argument("--work", type=Path, help="folder for inputs and runs (default: temporary)")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=list(USUAL),
        help=f"comma-separated: {', '.join(PARTS)} (default: {', '.join(USUAL)})",
    )
    parser.add_argument(
        "--growing-rows",
        type=_numbers,
        default=(1_000_000, 3_000_000, 10_000_000, 30_000_000),
        help="sizes of the logs of the part rows",
    )
    parser.add_argument(
        "--growing-days",
        type=_numbers,
        default=(10, 100, 1_000),
        help="lengths of the histories of the part history",
    )
    parser.add_argument(
        "--growing-files",
        type=_numbers,
        default=(60, 360),
        help="numbers of files of the part files",
    )
    parser.add_argument(
        "--sample", type=int, default=20_000, help="lines for peers that price one at a time"
    )
    parser.add_argument(
        "--peers-python",
        default=sys.executable,
        help="a Python that has the peers' packages (default: this one)",
    )
    parser.add_argument(
        "--command",
        default=f"{sys.executable} -m pipeline",
        help="the tollbook command (default: this checkout's)",
    )
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
