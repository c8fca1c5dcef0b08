"""The basis of files named on the command line that belong to no configured source.

Traffic that is charged already, by the configuration or by what the storage holds, is not charged
again: such files are detail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.config.model import Config, Source
from pipeline.config.source_section import DEFAULT_PROVIDER
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.kinds import Kinds
from pipeline.schemas import Basis

Traffic = tuple[Literal["requests", "buckets", "costs"], str]  # what is held, and the provider
_OTHER: dict[str, Literal["requests", "buckets"]] = {"requests": "buckets", "buckets": "requests"}
_WHAT = {"requests": "requests", "buckets": "usage pages"}


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """Sources made up for files that were named, and all that are configured."""

    sources: frozenset[str]
    configured: tuple[Source, ...]


def choose_basis(
    config: Config, named: NamedFiles, versions: Sequence[InputFile], kinds: Kinds
) -> tuple[Config, list[str]]:
    """The configuration with the basis of each made-up source, and notes for the run.

    A source that the storage knows keeps its basis.
    """
    charged = {
        traffic for s in named.configured if s.basis == "charge" for traffic in _traffic(s, kinds)
    }
    known_names = {s.name for s in named.configured}
    counting = [v for v in versions if v.state != "forgotten" and v.source not in known_names]
    for version in counting:
        if version.basis == "charge" and version.accepted and version.kind in kinds:
            kind = kinds[version.kind]
            charged |= {(h, kind.provider or DEFAULT_PROVIDER) for h in kind.holds}
    earlier = {v.source: v.basis for v in counting}
    chosen: dict[str, Basis] = {}
    notes = []
    made_up = [s for s in config.sources if s.name in named.sources]
    for source in sorted(made_up, key=lambda s: "buckets" in kinds[s.kind].holds):
        traffic = _traffic(source, kinds)
        twice = [(h, p) for h, p in traffic if h in _OTHER and (_OTHER[h], p) in charged]
        is_detail = earlier.get(source.name, "detail" if twice else "charge") == "detail"
        chosen[source.name] = "detail" if is_detail else "charge"
        if not is_detail:
            charged |= traffic
        notes += [
            f"The {_WHAT[held]} named are taken as detail, since the {_WHAT[_OTHER[held]]} "
            "charge the same traffic; say otherwise with `basis` of a source in tollbook.toml."
            for held in sorted(h for h, _ in traffic if is_detail and h in _OTHER)
        ]
    sources = [s.model_copy(update={"basis": chosen.get(s.name, s.basis)}) for s in config.sources]
    return config.model_copy(update={"sources": tuple(sources)}), notes


def _traffic(source: Source, kinds: Kinds) -> set[Traffic]:
    kind = kinds.get(source.kind)
    holds = kind.holds if kind is not None else frozenset()
    provider = (kind.provider if kind is not None else None) or source.provider
    return {(h, provider) for h in holds}
