"""The documentation's pages (`data/guides/*.md`) that are installed with the package."""

from __future__ import annotations

from difflib import get_close_matches

from pipeline.errors import ConfigError
from pipeline.resources import folder


def guide_names() -> tuple[str, ...]:
    """The names of all pages, sorted."""
    return tuple(sorted(path.stem for path in (folder("data") / "guides").glob("*.md")))


def guide_text(name: str) -> str:
    """One page as Markdown. Fails: ConfigError for an unknown name, with the nearest one."""
    names = guide_names()
    if name not in names:
        nearest = get_close_matches(name, names, n=1)
        hint = f"Did you mean {nearest[0]!r}? " if nearest else ""
        raise ConfigError(
            f"{name!r} is not one of {', '.join(names)}",
            key="guide",
            hint=f"{hint}`tollbook guide` lists the pages.",
        )
    return (folder("data") / "guides" / f"{name}.md").read_text(encoding="utf-8")
