"""Books of four projects that cost about a hundred dollars a day each, until one surges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from pipeline.config.load import load
from pipeline.runs.anomaly_acts import label_incident
from tests.support.workspace import Workspace

HEADER = (
    "record_id,started_at,project_id,model,api_key_id,text_input_tokens,text_output_tokens,requests"
)
BEGIN = date(2026, 10, 18)
SURGE = date(2026, 11, 18)  # a Wednesday
PROJECTS = "abcd"
DAY = timedelta(days=1)


class Books(Workspace):
    """A storage whose projects cost about a hundred dollars a day each."""

    def days(self, first: date, until: date, *, without: Iterable[str] = ()) -> None:
        """Write ordinary days, each project with two keys."""
        rows = []
        for day in range((until - first).days):
            on = first + day * DAY
            for number, name in enumerate(PROJECTS):
                if f"{name} {on}" in without:
                    continue
                tokens = 25_000_000 + 1_000_000 * ((on.toordinal() * 7 + number * 3) % 5)
                rows += [
                    row(f"{name}{key}{on}", on, name, f"key_{name}{key}", tokens) for key in (1, 2)
                ]
        self.records(f"exports/{first}.csv", *rows, header=HEADER)

    def surge(self, on: date) -> None:
        """Write 200 million tokens more of one key of a project, 400 dollars."""
        self.records(
            f"exports/surge-{on}.csv",
            row(f"surge{on}", on, "a", "key_a2", 200_000_000, requests=8000),
            header=HEADER,
        )

    def morning(self, day: date, hour: int = 8) -> list[str]:
        """Run at eight o'clock. Gives the messages about unusual cost."""
        self.at = datetime(day.year, day.month, day.day, hour)
        said: list[str] = []
        self.run(say=said.append)
        return [text for text in said if "anomal" in text or "silent" in text or "surge" in text]

    def label(self, incident_id: str, label: str, reason: str = "a load test") -> str:
        """Label an incident. Gives its state."""
        config = load(self.path("tollbook.toml"))
        found = label_incident(
            config,
            incident_id,
            label,  # type: ignore[arg-type]
            reason=reason,
            by="ann",
            clock=self.clock,
        )
        return found.state


def row(name: str, on: date, project: str, key: str, tokens: int, *, requests: int = 1000) -> str:
    """One record at noon."""
    return f"{name},{on}T12:00:00Z,proj_{project},alpha,{key},{tokens},0,{requests}"
