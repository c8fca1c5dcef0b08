"""The organization behind a local fake of the provider's API, and the configuration to fetch it.

Gives a fake to be served, and a tollbook.toml that names its address. Starts no server itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pipeline.demo.fake_api.api import FakeAdminApi
from pipeline.demo.fake_api.usage.bill import Bill
from pipeline.demo.organization import acme
from pipeline.errors import ConfigError

_FIRST_LINE = "# The made-up organization behind `tollbook demo --live`."
_CONFIGURATION = """\
{first_line}
# The address is that of a server that only lives as long as the command; it is written anew.

[organization]
id = "{organization_id}"
name = "{name}"
timezone = "{timezone}"

[storage]
root = "var"

[network]
allow_private_addresses = ["127.0.0.1"]  # where the server is

[[sources]]
name = "openai"
kind = "openai"
base_url = "{base_url}"
minute_buckets = true  # of the last week: how near the rate limits are

[[budgets]]
id = "acme-monthly"
amount_usd = "650.00"
thresholds = [50, 80, 100]

[[budgets]]
id = "code-monthly"
project = "{code}"  # Code assistant
amount_usd = "220.00"
thresholds = [50, 80, 100]

[[budgets]]
id = "contracts-monthly"
project = "{contracts}"  # Contract review
amount_usd = "190.00"
thresholds = [50, 80, 100]

[[budgets]]
id = "support-monthly"
project = "{support}"  # Support chatbot
amount_usd = "100.00"
thresholds = [50, 80, 100]
"""
_WITH_BUDGET = ("code", "contracts", "support")
# Tokens a minute of a project and model: one is hit at times, one nearly.
_TOKENS_A_MINUTE = (
    ("contracts", "gpt-5.4-2026-03-05", 600_000),
    ("code", "gpt-5.6-terra", 310_000),
)


def live_fake_api(now: Callable[[], datetime]) -> FakeAdminApi:
    """The fake, as of a clock (naive UTC).

    Its bill differs from usage as real ones do, some rate limits are near or hit, and one project
    is used with a key that the directory does not have.
    """
    organization = acme()
    bill = Bill(
        long_context=True,
        unpriced_model=True,
        unexplained=True,
        spreads_free_storage=True,
        sessions=True,
        differences=True,
    )
    fake = FakeAdminApi(organization, now=now, bill=bill)
    for slug, model, tokens in _TOKENS_A_MINUTE:
        limits = fake.state.projects[organization.project(slug).id].rate_limits
        limits[f"rl-{model}"]["max_tokens_per_1_minute"] = tokens
    support = organization.project("support")
    fake.state.projects[support.id].api_keys.pop(support.api_keys[-1].id)
    return fake


def write_live_configuration(to: Path, base_url: str) -> Path:
    """Write the tollbook.toml of a folder, with the server's address.

    **Gives** its path. One that an earlier call wrote is replaced.
    **Fails** with ConfigError where the folder holds something else or cannot be written.
    """
    organization = acme()
    configuration = to / "tollbook.toml"
    try:
        if not _may_write(to, configuration):
            raise ConfigError(
                "is there already and was not made by `tollbook demo --live`",
                file=to,
                hint="Name a folder that is new or empty, with --into.",
            )
        to.mkdir(parents=True, exist_ok=True)
        configuration.write_text(
            _CONFIGURATION.format(
                first_line=_FIRST_LINE,
                organization_id=organization.id,
                name=organization.name,
                timezone=organization.timezone,
                base_url=base_url,
                **{slug: organization.project(slug).id for slug in _WITH_BUDGET},
            ),
            encoding="utf-8",
        )
    except OSError as error:
        raise ConfigError(
            f"cannot be written ({error.strerror})", file=to, hint="Name another one with --into."
        ) from None
    return configuration


def _may_write(to: Path, configuration: Path) -> bool:
    if configuration.is_file():
        text = configuration.read_text(encoding="utf-8", errors="replace")
        return text.startswith(_FIRST_LINE)
    return not to.exists() or (to.is_dir() and not any(to.iterdir()))
