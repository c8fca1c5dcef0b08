"""The promises, on made-up logs: exact money, no row lost or counted twice, free repeats.

The expected figures are computed here from the bodies, with `decimal`, and from nothing of ours.
The suite takes a rich log, the same every time; the slow job takes many, and the poor ones
that hypothesis finds.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.effort import amount
from tests.support.workspace import PRICES, Workspace, price, published, request

# For a million tokens: in, cached (gamma has no price for these), out.
USD = {
    "alpha": (Decimal(2), Decimal("0.5"), Decimal(8)),
    "gamma": (Decimal("0.333333333333"), Decimal(0), Decimal("1.0000000001")),
}
MORE_PRICES = (
    *PRICES,
    price("gamma", "text_input_tokens", "0.333333333333"),
    price("gamma", "text_output_tokens", "1.0000000001"),
)
Bodies = list[dict[str, Any]]
SEEDS = (0, pytest.param(1, marks=pytest.mark.slow))
LOGS = amount(12, 1_000)  # made up by the slow job for each promise
MANY = settings(
    max_examples=LOGS,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def some_bodies(seed: int) -> Bodies:
    """A log with all of it: 25 calls of every project and model, cached prompts among them."""
    source = random.Random(seed)
    made = []
    for number in range(25):
        tokens = source.randint(2, 10 ** source.randint(1, 9))
        made.append(
            request(
                str(number),
                tokens,
                out=source.randint(0, 10 ** source.randint(0, 9)),
                cached=source.randint(0, tokens // 2) if source.random() < 0.5 else 0,
                when=f"2026-11-{source.randint(18, 23)}T{source.randint(0, 23):02}:30:00",
                project=source.choice(["proj_a", "proj_b", "Ω <b>"]),
                model=source.choice(["alpha", "gamma", "delta"]),
            )
        )
    return made


@st.composite
def bodies(draw: st.DrawFn) -> Bodies:
    """Calls of some projects and models; unknown models and cached prompts among them."""
    made = []
    for number in range(draw(st.integers(1, 25))):
        tokens = draw(st.integers(2, 10**9))
        made.append(
            request(
                str(number),
                tokens,
                out=draw(st.integers(0, 10**9)),
                cached=draw(st.integers(0, tokens // 2)) if draw(st.booleans()) else 0,
                when=f"2026-11-{draw(st.integers(18, 23))}T{draw(st.integers(0, 23)):02}:30:00",
                project=draw(st.sampled_from(["proj_a", "proj_b", "Ω <b>"])),
                model=draw(st.sampled_from(["alpha", "gamma", "delta"])),
            )
        )
    return made


def expected(made: Bodies) -> Decimal:
    """What is priced of the calls, in US dollars."""
    total = Decimal(0)
    for body in made:
        if body["model"] not in USD:
            continue
        usage, (fresh_usd, cached_usd, out_usd) = body["usage"], USD[body["model"]]
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        total += (usage["prompt_tokens"] - cached) * fresh_usd + cached * cached_usd
        total += usage["completion_tokens"] * out_usd
    return total / 1_000_000


def priced(workspace: Workspace) -> Decimal:
    """The total of the published charges."""
    ((total,),) = workspace.rows("SELECT coalesce(sum(cost_usd), 0) FROM charges")
    return Decimal(total)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("promises").resolve()


def scattered(folder: Path, made: Bodies, seed: int) -> Workspace:
    """The calls in any order, over plain and packed files, some in two of them, in two runs."""
    source = random.Random(seed)
    workspace = Workspace(Path(tempfile.mkdtemp(dir=folder)), prices=MORE_PRICES)
    texts = [json.dumps(body) + "\n" for body in made]
    source.shuffle(texts)
    parts: list[list[str]] = [[] for _ in range(source.randint(1, 4))]
    for text in texts:
        for part in source.sample(parts, source.choice([1, 1, 2]) if len(parts) > 1 else 1):
            part.append(text)
    for number, part in enumerate(parts):
        name = f"logs/{number}.jsonl{source.choice(['', '.gz'])}"
        workspace.write(name, "".join(part))
        if source.random() < 0.5:
            workspace.run()
    workspace.run()
    return workspace


def check_exact_money(folder: Path, made: Bodies, seeds: tuple[int, int]) -> None:
    """However the calls lie, the money is that of an independent computation, to the last digit."""
    costs = []
    for seed in seeds:
        workspace = scattered(folder, made, seed)
        assert priced(workspace) == expected(made)
        costs.append(
            workspace.rows(
                "SELECT * EXCLUDE (project_name, is_provisional) FROM charges ORDER BY ALL"
            )
        )
        unpriced = sum(body["usage"]["total_tokens"] for body in made if body["model"] == "delta")
        cached = sum(
            body["usage"]["prompt_tokens_details"]["cached_tokens"]
            for body in made
            if body["model"] == "gamma"
        )
        ((held,),) = workspace.rows(
            "SELECT coalesce(sum(quantity), 0) FROM charges WHERE pricing_status = 'unpriced'"
        )
        assert held == unpriced + cached
        workspace.assert_sums_agree()
    assert costs[0] == costs[1]


def check_fates_and_repeats(folder: Path, made: Bodies, seed: int, spoiled: int) -> None:
    """Accepted, duplicate, superseded and quarantined add up, file by file, run by run."""
    workspace = scattered(folder, made, seed)
    for number in range(spoiled):
        workspace.write(f"logs/spoiled-{number}.jsonl", f'{{"object": "response", "id": {number}\n')
    workspace.run()
    for counts in workspace.fates().values():
        assert counts[0] == sum(counts[1:])
    ((accepted, quarantined),) = workspace.rows(
        "SELECT sum(accepted), sum(quarantined) FROM input_files"
    )
    assert (accepted, quarantined) == (len(made), spoiled)
    assert Counter(workspace.rows("SELECT count(*) FROM usage")) == Counter([(len(made),)])
    before = published(workspace)
    again = workspace.run()
    assert (again.counts.rows_read, again.postings) == (0, {})
    assert published(workspace) == before


def check_forgetting(folder: Path, made: Bodies, extra: Bodies, seed: int) -> None:
    """A file that is taken back leaves the total as it was before it, also if it replaced calls."""
    workspace = scattered(folder, made, seed)
    before = priced(workspace)
    workspace.write("logs/staging.jsonl", "".join(json.dumps(body) + "\n" for body in extra))
    workspace.run()
    workspace.forget("logs/staging.jsonl")
    assert priced(workspace) == before == expected(made)
    workspace.assert_sums_agree()


@pytest.mark.parametrize("seed", SEEDS)
def test_order_files_and_runs_do_not_move_a_cent(folder: Path, seed: int) -> None:
    """A log, laid out in two ways."""
    check_exact_money(folder, some_bodies(seed), (seed, 100 + seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_has_one_fate_and_a_repeat_changes_nothing(folder: Path, seed: int) -> None:
    """With a spoiled line, and with three."""
    check_fates_and_repeats(folder, some_bodies(seed), seed, 1 + 2 * seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_forgotten_was_never_there(folder: Path, seed: int) -> None:
    """The file that is taken back has other calls under the same ids."""
    check_forgetting(folder, some_bodies(seed), some_bodies(50 + seed), seed)


@pytest.mark.slow
@pytest.mark.timeout(36_000)
@MANY
@given(made=bodies(), seeds=st.tuples(st.integers(0, 99), st.integers(100, 199)))
def test_order_files_and_runs_never_move_a_cent(
    folder: Path, made: Bodies, seeds: tuple[int, int]
) -> None:
    """Many logs."""
    check_exact_money(folder, made, seeds)


@pytest.mark.slow
@pytest.mark.timeout(36_000)
@MANY
@given(made=bodies(), seed=st.integers(0, 99), spoiled=st.integers(0, 3))
def test_every_row_always_has_one_fate_and_a_repeat_changes_nothing(
    folder: Path, made: Bodies, seed: int, spoiled: int
) -> None:
    """Many logs."""
    check_fates_and_repeats(folder, made, seed, spoiled)


@pytest.mark.slow
@pytest.mark.timeout(36_000)
@MANY
@given(made=bodies(), extra=bodies(), seed=st.integers(0, 99))
def test_what_is_forgotten_never_was_there(
    folder: Path, made: Bodies, extra: Bodies, seed: int
) -> None:
    """Many logs."""
    check_forgetting(folder, made, extra, seed)
