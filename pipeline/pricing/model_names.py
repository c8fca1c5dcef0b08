"""The model ids whose price a recorded model may take: itself, aliases, fine-tuned bases.

No patterns and no prefixes: `gpt-4o` never prices `gpt-4o-audio-preview`, and a fine-tuned model
never takes its base model's price.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from pipeline.pricing.aliases_and_allowances import Alias
from pipeline.pricing.validity import boundaries, holds

FINE_TUNED = "ft:"

# Tools and storage have prices of their own: where a model's row is missing, or a record has no
# model, the price stands under the operation's name.
TOOL_MODELS = {
    "vector_store_gb_days": "vector_stores",
    "code_interpreter_sessions": "code_interpreter_sessions",
    "file_search_calls": "file_search_calls",
    "web_search_calls": "web_search_calls",
}


class ModelNames:
    """The alias table, asked for the ids that can price a recorded id, the most exact first."""

    def __init__(self, aliases: Iterable[Alias]) -> None:
        self._aliases: dict[str, list[Alias]] = defaultdict(list)
        for alias in aliases:
            self._aliases[alias.alias].append(alias)

    def candidates(
        self, provider: str | None, model: str | None, meter: str | None, at: datetime
    ) -> tuple[str, ...]:
        """The ids of a provider in the order in which they are tried at an instant.

        For `ft:gpt-4o-2024-08-06:acme::id`: itself, what the table says for it,
        `ft:gpt-4o-2024-08-06`, what the table says for that, `ft:` with the base's alias, and what
        the table says for that. For a tool's meter, the tool's own id comes last, and
        without a model it is the only one.
        """
        if model is None:
            return tuple(_tool(meter))
        names = [model, *self._meant(provider, model, at)]
        base = fine_tuned_base(model)
        if base is not None:
            for name in (base, *self._meant(provider, base, at)):
                names += [FINE_TUNED + name, *self._meant(provider, FINE_TUNED + name, at)]
        return _unique([*names, *_tool(meter)])

    def ever(self, provider: str | None, model: str | None, meter: str | None) -> tuple[str, ...]:
        """The ids that can price a recorded id at any time, in no order of importance."""
        if model is None:
            return tuple(_tool(meter))
        names = [model, *self._ever_meant(provider, model)]
        base = fine_tuned_base(model)
        if base is not None:
            for name in (base, *self._ever_meant(provider, base)):
                names += [FINE_TUNED + name, *self._ever_meant(provider, FINE_TUNED + name)]
        return _unique([*names, *_tool(meter)])

    def boundaries(self, provider: str | None, model: str | None) -> set[datetime]:
        """The instants at which the candidates of a recorded id may change."""
        if model is None:
            return set()
        asked = {model, *self.ever(provider, model, None)}
        base = fine_tuned_base(model)
        if base is not None:
            asked |= {base, *self._ever_meant(provider, base)}
        return boundaries(alias for name in asked for alias in self._of(provider, name))

    def _of(self, provider: str | None, name: str) -> list[Alias]:
        return [alias for alias in self._aliases.get(name, ()) if alias.is_of(provider)]

    def _meant(self, provider: str | None, name: str, at: datetime) -> list[str]:
        return [alias.model for alias in self._of(provider, name) if holds(alias, at)]

    def _ever_meant(self, provider: str | None, name: str) -> list[str]:
        return [alias.model for alias in self._of(provider, name)]


def fine_tuned_base(model: str) -> str | None:
    """The base of a fine-tuned model's id, `gpt-4o-2024-08-06` of `ft:gpt-4o-2024-08-06:…`."""
    parts = model.split(":")
    return parts[1] if parts[0] == "ft" and len(parts) > 1 and parts[1] else None


def _tool(meter: str | None) -> list[str]:
    return [TOOL_MODELS[meter]] if meter in TOOL_MODELS else []


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
