"""`tollbook anomalies [label]`: unusual cost, as incidents."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.alerts import newest_stored
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, QuietOption, say
from pipeline.cli.query import FormatOption, OutOption, print_answer

if TYPE_CHECKING:
    from pipeline.config.model import Config
    from pipeline.published.formats import FrameResult

Label = Literal["expected", "unexpected"]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="First day, such as 2026-10-01 (default: all).")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Day before which to stop (not counted).")
]
ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Only this project: id or name.")
]
DipsOption = Annotated[
    bool,
    typer.Option(
        "--dips", help="Also days on which most projects cost far less: a question about the data."
    ),
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", "--by", help="Who says so (default: TOLLBOOK_USER, else the operating user)."
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option("--now", help="Judge the days before this instant anew, by what was known then."),
]

anomalies_app = typer.Typer(
    help="List days of unusual cost, as incidents (without a verb); label one as expected."
)
app.add_typer(anomalies_app, name="anomalies")


@anomalies_app.callback(invoke_without_command=True)
def anomalies(
    context: typer.Context,
    since: SinceOption = None,
    until: UntilOption = None,
    project: ProjectOption = None,
    now: AtOption = None,
    *,
    with_dips: DipsOption = False,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    quiet: QuietOption = False,
) -> None:
    """List the incidents with a day in a range, the newest first.

    Each day is judged by the days before it alone. Lasting changes are marked, to be counted apart.
    """
    if context.invoked_subcommand is not None:
        return
    from pipeline.errors import ConfigError
    from pipeline.published.reader import run_statement
    from pipeline.resources import sql

    first = cli_context.day(since, "--since") if since else date.min
    end = cli_context.day(until, "--until") if until else date.max
    if end <= first:
        raise ConfigError(
            f"{end} is not after --since {first}",
            key="--until",
            hint="It is the day before which to stop.",
        )
    form = "json" if as_json else form
    configured = cli_context.load(config)
    root = configured.storage.root
    project = cli_context.project_id(root, project)
    if now is not None:
        at = cli_context.instant(now, "--now")
        answer = _at(configured, at, first, end, project, with_dips=with_dips)
        print_answer(answer, form, out, root / "published", quiet=quiet)
        return
    with newest_stored(root) as con:
        parameters = {"since": first, "until": end, "project": project, "with_dips": with_dips}
        stored = run_statement(con, sql("anomalies/listed"), parameters)
        print_answer(stored, form, out, root / "published", quiet=quiet)


@anomalies_app.command("label")
def anomalies_label(
    incident_id: Annotated[str, typer.Argument(metavar="INCIDENT", help="Id of an incident.")],
    label: Annotated[Label, typer.Argument(help="Whether it was expected.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the label.")],
    by: AsOption = None,
    config: ConfigOption = None,
) -> None:
    """Say that an incident was expected: its alert is settled, and it raises no other one.

    What goes on within two weeks belongs to it. `unexpected` takes that back. Published with the
    next run.
    """
    from pipeline.runs.anomaly_acts import label_incident

    found = label_incident(
        cli_context.load(config),
        incident_id,
        label,
        reason=reason,
        by=cli_context.operator(by),
        clock=cli_context.clock(None).real,
    )
    say(
        f"{found.incident_id}: {found.state}. `tollbook anomalies` shows it now, the "
        "view anomalies with the next run."
    )


def _at(
    configured: Config,
    at: datetime,
    first: date,
    end: date,
    project: str | None,
    *,
    with_dips: bool,
) -> FrameResult:
    """The incidents as they stood at an instant. Fails: ConfigError."""
    from pipeline.anomalies.recompute import incidents_at, listed
    from pipeline.errors import ConfigError
    from pipeline.published.formats import FrameResult
    from pipeline.storage.layout import StorageLayout
    from pipeline.storage.read_copy import open_read_copy

    root = configured.storage.root.absolute()
    with open_read_copy(StorageLayout(root)) as db:
        if db is None:
            raise ConfigError("there is no storage yet", file=root, hint="Run `tollbook run`.")
        found = incidents_at(db, root, at, configured.organization.zone)
    rows = listed(found, since=first, until=end, project=project, with_dips=with_dips)
    return FrameResult(rows)
