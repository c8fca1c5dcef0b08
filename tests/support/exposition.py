"""The grammar of Prometheus' text format, read strictly."""

from __future__ import annotations

import re
from decimal import Decimal

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_TEXT = r'"((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
_LABEL = re.compile(rf"([a-zA-Z_][a-zA-Z0-9_]*)={_TEXT}")
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (NaN|[+-]?Inf|-?\d+(?:\.\d+)?)")
_UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}

Labels = tuple[tuple[str, str], ...]


def parsed(text: str) -> dict[str, dict[Labels, Decimal]]:
    """The samples by metric and labels. Fails: AssertionError for what Prometheus would refuse."""
    assert text.endswith("\n"), "the last line has no end"
    found: dict[str, dict[Labels, Decimal]] = {}
    helped: set[str] = set()
    current = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in helped, f"{current} has two HELP lines"
            helped.add(current)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current, f"the TYPE of {name} is not below its HELP"
            assert kind in {"gauge", "counter"}
            assert (kind == "counter") == name.endswith("_total")
            found[name] = {}
        else:
            sample = _SAMPLE.fullmatch(line)
            assert sample, f"no sample: {line}"
            name, labels, value = sample.groups()
            assert name == current, f"a sample of {name} stands among those of {current}"
            key = _labels(labels or "")
            assert key not in found[name], f"twice: {line}"
            found[name][key] = Decimal(value)
    return found


def _labels(text: str) -> Labels:
    pairs, at = [], 0
    while at < len(text):
        label = _LABEL.match(text, at)
        assert label, f"no label: {text[at:]}"
        value = re.sub(r'\\[\\"n]', lambda m: _UNESCAPED[m[0]], label[2])
        pairs.append((label[1], value))
        at = label.end()
        assert at == len(text) or text[at] == ",", f"no comma: {text[at:]}"
        at += 1
    assert len({name for name, _ in pairs}) == len(pairs)
    return tuple(pairs)
