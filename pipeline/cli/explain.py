"""`tollbook explain`: from a number of a report to prices, arithmetic, records, file and line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption
from pipeline.dates import local_date

ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Id or name; '(no project)' for what has none.")
]
DayOption = Annotated[
    str | None, typer.Option("--day", help="A day of the organization, such as 2026-10-12.")
]
MonthOption = Annotated[
    str | None,
    typer.Option("--month", help="Such as 2026-10 (default: the current one, or the newest)."),
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", help="Id of the model as recorded; '(no model)' for what has none."),
]
ScopeOption = Annotated[
    str | None, typer.Option("--scope", help="models, fine_tuning, storage or tools.")
]
KeyOption = Annotated[str | None, typer.Option("--key", help="Id of an API key.")]
UserOption = Annotated[str | None, typer.Option("--user", help="Id of a user.")]
MeterOption = Annotated[
    str | None, typer.Option("--meter", help="What is counted, such as text_input_tokens.")
]
UtcOption = Annotated[
    bool, typer.Option("--utc", help="Take days in UTC, as on the provider's bill.")
]
RecordOption = Annotated[
    str | None, typer.Option("--record", help="Explain this usage record instead.")
]
FileOption = Annotated[
    str | None, typer.Option("--file", help="Explain what became of this input file instead.")
]
LineOption = Annotated[
    int | None, typer.Option("--line", min=1, help="With --file: what became of this line.")
]
ExamplesOption = Annotated[
    int, typer.Option("--examples", min=0, max=100, help="Show so many example records.")
]
LinesOption = Annotated[
    int, typer.Option("--lines", min=0, max=10_000, help="Show so many charge lines, or cells.")
]
FormOption = Annotated[
    Literal["table", "json"], typer.Option("--format", "-f", help="How to print it.")
]


@app.command()
def explain(
    project: ProjectOption = None,
    day: DayOption = None,
    month: MonthOption = None,
    model: ModelOption = None,
    scope: ScopeOption = None,
    key: KeyOption = None,
    user: UserOption = None,
    meter: MeterOption = None,
    record: RecordOption = None,
    file: FileOption = None,
    line: LineOption = None,
    *,
    utc: UtcOption = False,
    examples: ExamplesOption = 5,
    lines: LinesOption = 20,
    form: FormOption = "table",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Explain a number: the arithmetic of a cell of a report, down to records, file and line."""
    from pipeline.published.reader import needs_this_version, open_published
    from pipeline.reporting.explain.explain import ExplainRequest, as_facts, check
    from pipeline.reporting.explain.explain import explain as explain_request
    from pipeline.reporting.explain.find_cell import Question
    from pipeline.reporting.explain.text.cell import draw

    question = Question(
        day=cli_context.day(day, "--day") if day is not None else None,
        month=cli_context.month(month),
        is_utc=utc,
        project=project,
        model=model,
        scope=scope,
        api_key=key,
        user=user,
        meter=meter,
    )
    names = () if file is None else (file, str(Path(file).absolute()))
    request = ExplainRequest(question, record, names, line, examples, lines)
    settings = cli_context.load(config)
    today = local_date(cli_context.clock(now).business(), settings.organization.zone)
    published = settings.storage.root / "published"
    with needs_this_version(published), open_published(published) as con:
        explained = explain_request(con, request, today=today, exists=_is_there)
    if as_json or form == "json":
        cli_context.put(json.dumps(as_facts(explained), indent=2, ensure_ascii=sys.stdout.isatty()))
    else:
        text = draw(explained, cli_context.terminal_width())
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
    check(explained)


def _is_there(name: str) -> bool | None:
    """Whether a local file lies at its path now; None for an address."""
    return Path(name).exists() if name.startswith("/") else None
