"""Where two sets of facts differ, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from tests.model.books import Facts


def differences(expected: Facts, got: Facts, only: tuple[str, ...] = ()) -> list[str]:
    """One line for each fact that is not as expected."""
    found = []
    for name in only or tuple(f.name for f in fields(Facts)):
        want, have = getattr(expected, name), getattr(got, name)
        if name == "budgets":
            have = _seen(have, want)
        if isinstance(want, Counter):
            found += [f"{name}: missing {key}" for key in (want - have).elements()]
            found += [f"{name}: too much {key}" for key in (have - want).elements()]
        elif want != have:
            found += [
                f"{name} {key}: expected {want.get(key)}, got {have.get(key)}"
                for key in sorted({*want, *have}, key=str)
                if want.get(key) != have.get(key)
            ]
    return found


def _seen(
    have: Mapping[tuple[str, date], Any], want: Mapping[tuple[str, date], Any]
) -> dict[tuple[str, date], Any]:
    """Without the months that have nothing and are not asked for."""
    return {k: v for k, v in have.items() if k in want or v[0] or v[2]}
