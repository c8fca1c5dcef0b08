"""The text format that Prometheus reads (version 0.0.4): metrics in, one text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Value = Decimal | int | None  # None: not known, NaN


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and its samples: labels and value."""

    name: str
    help: str
    samples: list[tuple[Mapping[str, str], Value]] = field(default_factory=list)
    kind: Literal["gauge", "counter"] = "gauge"

    def add(self, value: Value, **labels: str | None) -> None:
        """Add a sample; a label that is None is left empty."""
        self.samples.append(({name: text or "" for name, text in labels.items()}, value))


def render(metrics: Iterable[Metric]) -> str:
    """The metrics as text; one without samples is left out."""
    lines = []
    for metric in metrics:
        if not metric.samples:
            continue
        lines.append(f"# HELP {metric.name} {_escaped(metric.help)}")
        lines.append(f"# TYPE {metric.name} {metric.kind}")
        lines += [
            f"{metric.name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples
        ]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inside = ",".join(
        f'{name}="{_escaped(text).replace(chr(34), chr(92) + chr(34))}"'
        for name, text in labels.items()
    )
    return f"{{{inside}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: Value) -> str:
    if value is None:
        return "NaN"
    if isinstance(value, int):
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
