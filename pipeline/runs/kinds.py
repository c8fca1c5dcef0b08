"""Where the kinds of source meet: those of no provider and those of every provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.intake import kinds as intake_kinds
from pipeline.intake.kinds import Kind, Kinds
from pipeline.ledger.bill import Bill, Bills
from pipeline.providers.openai.provider import OPENAI
from pipeline.providers.provider import Provider, ProviderApi

PROVIDERS: tuple[Provider, ...] = (OPENAI,)


def kinds_of(providers: Sequence[Provider]) -> Kinds:
    """Every kind of source by its name, in the order in which files are tried."""
    kinds: dict[str, Kind] = {intake_kinds.REQUEST_LOG.name: intake_kinds.REQUEST_LOG}
    kinds |= {kind.name: kind for provider in providers for kind in provider.kinds}
    return {**kinds, **intake_kinds.KINDS}


def bills_of(providers: Sequence[Provider]) -> Bills:
    """How bills are read, by provider."""
    found: dict[str, Bill] = {p.name: p.bill for p in providers if p.bill is not None}
    return found


def apis_of(providers: Sequence[Provider]) -> Mapping[str, ProviderApi]:
    """The APIs by the kinds of source that are fetched from them."""
    return {
        kind.name: provider.api
        for provider in providers
        for kind in provider.kinds
        if provider.api is not None and kind.is_fetched
    }


KINDS = kinds_of(PROVIDERS)
