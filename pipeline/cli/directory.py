"""`tollbook projects`, `members`, `service-accounts`, `keys`, `limits`: what there is and was."""

from __future__ import annotations

import difflib
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption, QuietOption, say
from pipeline.cli.query import FormatOption, OutOption, print_answer
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    import duckdb

AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="As it was at this instant, in UTC; a date is its beginning."),
]
ProjectOption = Annotated[str | None, typer.Option("--project", help="Only this one: id or name.")]


@app.command("projects")
def projects(
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    as_of: AsOfOption = None,
    project: ProjectOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    quiet: QuietOption = False,
) -> None:
    """List the projects, archived and deleted ones too, with their teams and cost centres."""
    _list("projects", "json" if as_json else form, out, as_of, project, config, now, quiet=quiet)


def _add(verb: str, what: str, about: str) -> None:
    """A verb of the same words as the others; `what` is its statement in queries/directory."""

    def listing(
        *,
        form: FormatOption = "table",
        as_json: JsonOption = False,
        out: OutOption = None,
        as_of: AsOfOption = None,
        project: ProjectOption = None,
        config: ConfigOption = None,
        quiet: QuietOption = False,
    ) -> None:
        _list(what, "json" if as_json else form, out, as_of, project, config, quiet=quiet)

    app.command(verb, help=about)(listing)


_add(
    "members",
    "members",
    "List people with their roles in the organization and in projects, and invitations.",
)
_add(
    "service-accounts",
    "service_accounts",
    "List the service accounts, each with its one project.",
)
_add(
    "keys",
    "keys",
    "List the API keys with their owners, deleted ones too; never the keys themselves.",
)
_add(
    "limits",
    "limits",
    "List rate limits, the models that projects may use, and hard spend limits.",
)


def _list(
    what: str,
    form: str,
    out: Path | None,
    as_of: str | None,
    project: str | None,
    config: Path | None,
    now: str | None = None,
    *,
    quiet: bool,
) -> None:
    from pipeline.published.reader import Parameter, open_published, run_statement
    from pipeline.resources import render_sql
    from pipeline.runs.kinds import KINDS

    configured = cli_context.load(config)
    published = configured.storage.root / "published"
    at = None if as_of is None else cli_context.instant(as_of, "--as-of")
    utc = (at or cli_context.clock(now).business()).replace(tzinfo=UTC)
    parameters: dict[str, Parameter] = {"at": at, "project": project}
    if what == "projects":
        parameters["today"] = utc.astimezone(configured.organization.zone).date()
    with open_published(published) as con:
        if project is not None:
            _is_known(con, project)
        answer = run_statement(con, render_sql(f"directory/{what}"), parameters)
        print_answer(answer, form, out, published, quiet=quiet)
        if not con.execute("SELECT 1 FROM project_history LIMIT 1").fetchall():
            fetched = " or ".join(kind.name for kind in KINDS.values() if kind.is_fetched)
            say(
                f"The directory is empty: add a source of kind {fetched}, or files under "
                "[directory], then run.",
                quiet=quiet,
            )


def _is_known(con: duckdb.DuckDBPyConnection, project: str) -> None:
    named = con.execute(
        "SELECT project_id, project_name FROM project_history "
        "UNION SELECT project_id, NULL FROM project_member_history"
    ).fetchall()
    words = sorted({word for pair in named for word in pair if word})
    if project in words:
        return
    near = difflib.get_close_matches(project, words, 1)
    raise ConfigError(
        f"no project {project!r} is known",
        key="--project",
        hint=f"Did you mean {near[0]}?" if near else "See them with: tollbook projects",
    )
