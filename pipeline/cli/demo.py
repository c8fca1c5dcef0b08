"""The verb `demo`: tollbook on a made-up organization, without any account or configuration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import NowOption, QuietOption, say
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.demo.fake_api.server import Server

_SAMPLE = Path("tollbook-demo")
_LIVE = Path("tollbook-demo-live")
_CLOSED = "2026-10"  # the month that --month-end closes

IntoOption = Annotated[
    Path | None,
    typer.Option(
        "--into",
        help=f"The folder for all that comes of it (default: {_SAMPLE}, with --live {_LIVE}).",
    ),
]
LiveOption = Annotated[
    bool,
    typer.Option(
        "--live",
        help="Fetch from a local fake of the provider's API instead of reading files.",
    ),
]
ServeOption = Annotated[
    bool,
    typer.Option("--serve", help="With --live: keep the fake API running until Ctrl-C."),
]
PortOption = Annotated[
    int,
    typer.Option(
        "--port",
        min=0,
        max=65_535,
        help="With --live: the port of the fake API; 0 is any free one.",
    ),
]
MonthEndOption = Annotated[
    bool,
    typer.Option(
        "--month-end",
        help="Close October before its bill comes, so that the bill is a correction in November.",
    ),
]


@app.command()
def demo(
    into: IntoOption = None,
    now: NowOption = None,
    *,
    live: LiveOption = False,
    serve: ServeOption = False,
    port: PortOption = 0,
    month_end: MonthEndOption = False,
    quiet: QuietOption = False,
) -> None:
    """Copy the sample organization into a folder (once) and run on it."""
    from pipeline.cli.run import run_and_print
    from pipeline.demo.copy_sample import copy_sample

    if month_end and (live or serve or port):
        raise ConfigError("goes without --live", key="--month-end")
    if live:
        raise typer.Exit(_live(into or _LIVE, now, port, is_serving=serve, quiet=quiet))
    if serve or port:
        raise ConfigError("goes with --live", key="--serve" if serve else "--port")
    configuration = copy_sample(into or _SAMPLE)
    say(
        f"The sample organization lies in {configuration.parent}; "
        f"this is `tollbook run -c {configuration}`.",
        quiet=quiet,
    )
    if month_end:
        _close_october(configuration, now, quiet=quiet)
    code = run_and_print(configuration, now=now)
    if not code:
        _fill_record(configuration, now)
    raise typer.Exit(code)


def _fill_record(configuration: Path, now: str | None) -> None:
    """The forecasts that would have been made in the sample's past, so that they have a record."""
    from pipeline.cli.forecast import fill_record
    from pipeline.dates import local_date

    config = cli_context.load(configuration)
    today = local_date(cli_context.clock(now).business(), config.organization.zone)
    published = config.storage.root / "published"
    fill_record(published, today, configuration, now, quiet=True)


def _close_october(configuration: Path, now: str | None, *, quiet: bool) -> None:
    """A run without October's bill, and October closed, unless it is; ends where that fails."""
    from pipeline.cli.close import close_and_print
    from pipeline.cli.run import run_and_print

    if (cli_context.load(configuration).storage.root / "closed").exists():
        return
    bill = configuration.parent / "costs" / f"{_CLOSED}.json"
    code = run_and_print(configuration, now=now, skip=[str(bill)], quiet=True)
    if code:
        raise typer.Exit(code)
    why = "the demo closes it before its bill comes"
    say(f'This is `tollbook close {_CLOSED} --force --reason "{why}"`.', quiet=quiet)
    close_and_print(configuration, now, _CLOSED, reason=why, quiet=quiet)


def _live(into: Path, now: str | None, port: int, *, is_serving: bool, quiet: bool) -> int:
    """A run that fetches from the fake API, which then ends, or stays."""
    from pipeline.cli.run import run_and_print
    from pipeline.demo.live import write_live_configuration

    with _served(now, port) as server:
        configuration = write_live_configuration(into, server.base_url)
        say(
            f"A fake of the provider's API answers at {server.base_url}; "
            f"this is `tollbook run -c {configuration}` with its made-up key.",
            quiet=quiet,
        )
        environment = {**cli_context.environment(), "OPENAI_ADMIN_KEY": server.key}
        code = run_and_print(configuration, now=now, environment=environment)
        say(f"The fake API was asked {len(server.requests)} times.", quiet=quiet)
        if is_serving:
            cli_context.put(f"OPENAI_ADMIN_KEY={server.key}\nOPENAI_BASE_URL={server.base_url}")
            say(
                "Try: curl -H 'Authorization: Bearer "
                f"{server.key}' {server.base_url}/organization/projects\n"
                "The fake API goes on until Ctrl-C.",
                quiet=quiet,
            )
            cli_context.wait_for_signal()
        return code


@contextmanager
def _served(now: str | None, port: int) -> Iterator[Server]:
    from pipeline.demo.fake_api.server import serving
    from pipeline.demo.live import live_fake_api

    clocks = cli_context.clock(now)
    # A fake knows nothing of the future, which a run would refuse as implausible.
    fake = live_fake_api(lambda: min(clocks.business(), clocks.real()))
    with ExitStack() as stack:
        try:
            server = stack.enter_context(serving(fake, port=port))
        except OSError as error:
            raise ConfigError(
                f"cannot be listened on ({error.strerror})", key="--port", hint="Leave it out."
            ) from None
        yield server
