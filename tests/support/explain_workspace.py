"""A small organization in a folder: CSV records and price files in, real runs over them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.load import load
from pipeline.reporting.explain import explain as explain_module
from pipeline.reporting.explain.explain import ExplainRequest
from pipeline.reporting.explain.model.explained import Explained
from pipeline.runs.result import RunResult
from pipeline.runs.run import run_batch

CONFIGURATION = """
[organization]
id = "org-acme"
timezone = "Europe/Berlin"

[storage]
root = "var"

[[sources]]
name = "logs"
kind = "records"
path = ["logs/*.csv"]

[prices]
files = ["prices.csv"]
"""
PRICE_HEADER = (
    "provider,model,meter,service_tier,context_class,price_usd,per,unit,valid_from,valid_to,"
    "source,recorded_at,long_above_tokens"
)
# Two US dollars a million tokens in, eight out; above a thousand tokens twice as much.
PRICES = tuple(
    f"openai,alpha,{meter},default,{context},{usd},1000000,tokens,,,our contract,2026-09-01,{above}"
    for meter, context, usd, above in (
        ("text_input_tokens", "base", "2.00", ""),
        ("text_output_tokens", "base", "8.00", ""),
        ("text_input_tokens", "long", "4.00", "1000"),
        ("text_output_tokens", "long", "16.00", "1000"),
    )
)
HEADER = (
    "record_id,started_at,project_id,api_key_id,user_id,model,text_input_tokens,text_output_tokens"
)
NOW = datetime(2026, 10, 13, 8, 0)


@contextmanager
def explained_once() -> Iterator[None]:
    """While it lasts, a question is worked out once, in however many forms it is asked for.

    Nothing that an explanation depends on may change meanwhile.
    """
    work_out, known = explain_module.explain, dict[ExplainRequest, Explained]()

    def once(con: Any, request: ExplainRequest, **more: Any) -> Explained:
        if request not in known:
            known[request] = work_out(con, request, **more)
        return known[request]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explain_module, "explain", once)
        yield


@dataclass(frozen=True, slots=True)
class ExplainWorkspace:
    """A folder with a configuration; files are written and runs are done by the test."""

    folder: Path

    def write(self, name: str, *rows: str, header: str = HEADER) -> Path:
        """A CSV file of records under ``logs/``."""
        path = (self.folder / "logs" / name).resolve()
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{row}\n" for row in (header, *rows)), encoding="utf-8")
        return path

    def price(self, *rows: str) -> None:
        """The organization's price file."""
        text = "".join(f"{row}\n" for row in (PRICE_HEADER, *rows))
        (self.folder / "prices.csv").write_text(text, encoding="utf-8")

    def configure(self, text: str) -> None:
        """The configuration."""
        (self.folder / "tollbook.toml").write_text(text, encoding="utf-8")

    def run(self, now: datetime = NOW) -> RunResult:
        """One batch run; both clocks stand still."""
        config = load(self.folder / "tollbook.toml")
        return run_batch(config, now=now, real_clock=lambda: now, environment={})

    def call(self, *words: str) -> Result:
        """Call the command with this configuration."""
        words = (*words, "--config", str(self.folder / "tollbook.toml"))
        return CliRunner().invoke(app, words)

    def explain(self, *words: str) -> dict[str, Any]:
        """An explanation as a program gets it. Fails where the command does."""
        result = self.call("explain", *words, "--json", "--now", "2026-10-13T08:00Z")
        if result.exception is not None:
            raise result.exception
        explained: dict[str, Any] = json.loads(result.stdout)
        return explained

    def text(self, *words: str) -> str:
        """An explanation as a person gets it."""
        result = self.call("explain", *words, "--now", "2026-10-13T08:00Z")
        if result.exception is not None:
            raise result.exception
        return result.stdout

    def both(self, *words: str) -> tuple[dict[str, Any], str]:
        """An explanation as a program gets it, and as a person does."""
        with explained_once():
            return self.explain(*words), self.text(*words)


def explain_workspace(folder: Path) -> ExplainWorkspace:
    """A workspace with a configuration and prices, without records."""
    workspace = ExplainWorkspace(folder)
    workspace.configure(CONFIGURATION)
    workspace.price(*PRICES)
    return workspace
