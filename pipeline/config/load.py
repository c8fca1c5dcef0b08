"""Reads tollbook.toml; every error names file, line and key, and says what to write.

Relative paths are relative to the file. Without a file, `without_file` gives the defaults.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.config.budget_files import check_budgets, read_budget_files
from pipeline.config.keys.key_texts import TEXTS
from pipeline.config.model import Config, Currency, Prices, Source
from pipeline.config.operations_section import Metrics
from pipeline.config.source_section import SourceKind
from pipeline.config.value_errors import value_error
from pipeline.errors import ConfigError

Location = tuple[int | str, ...]
Model = TypeVar("Model", bound=BaseModel)

_DEEP_NAME = re.compile(r"(?:\.[ \t]*[\w\"'-]{1,50}[ \t]*){100}")


def load(path: Path, kinds: Mapping[str, SourceKind] | None = None) -> Config:
    """The configuration in a file. Fails: ConfigError naming file, line and key.

    **Takes** the table of kinds of source; without it, kinds are not checked.
    """
    config = read_toml(path, Config, {"kinds": kinds or {}})
    config = _relative_to(config, path.resolve().parent)
    budgets, amendments = read_budget_files(config.budget_settings.files, read_toml)
    config = config.model_copy(
        update={
            "budgets": (*config.budgets, *budgets),
            "amendments": (*config.amendments, *amendments),
        }
    )
    files = config.budget_settings.files
    check_budgets(config.budgets, config.amendments, config.currency.rates, path, files)
    if kinds:
        _check_actions(config, kinds, path)
    return config


def read_toml(path: Path, model: type[Model], context: Mapping[str, Any] | None = None) -> Model:
    """A TOML file as a model. Fails: ConfigError naming file, line and key."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = "Write one with `tollbook init`." if model is Config else "Correct [budgets] files."
        raise ConfigError("there is no such file", file=path, hint=hint) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=path) from None
    raw = _parsed(text, path)
    try:
        return model.model_validate(raw, context=context)
    except ValidationError as error:
        raise _readable(error, path, text, model) from None


def _parsed(text: str, path: Path) -> dict[str, Any]:
    """What a TOML text says. Fails: ConfigError."""
    deep = _DEEP_NAME.search(text)
    if deep is not None:  # the parser takes minutes for some
        line = text.count("\n", 0, deep.start()) + 1
        raise ConfigError("is not valid TOML: a name has more than 100 parts", file=path, line=line)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise ConfigError(
            f"is not valid TOML: {error}", file=path, line=int(found[1]) if found else None
        ) from None
    except RecursionError:
        raise ConfigError("is not valid TOML: it nests too deeply", file=path) from None
    except ValueError as error:  # a number of thousands of digits
        raise ConfigError(f"cannot be read: {error}", file=path) from None


def without_file(folder: Path, sources: tuple[Source, ...] = ()) -> Config:
    """The default configuration, with its storage in a folder under `folder`."""
    return _relative_to(Config(sources=sources), folder.resolve())


def _check_actions(config: Config, kinds: Mapping[str, SourceKind], path: Path) -> None:
    """Whether there is one source whose key can set limits. Fails: ConfigError."""
    if config.actions.mode == "off" or not any(b.action for b in config.budgets):
        return
    fetched = [s.name for s in config.sources if s.enabled and kinds[s.kind].is_fetched]
    named = config.actions.source
    if named is None and len(fetched) == 1:
        return
    if named is None:
        what = "is missing: several sources are fetched" if fetched else "no source is fetched"
    elif named in fetched:
        return
    else:
        what = f"{named!r} is not one of the sources that are fetched"
    raise ConfigError(
        what,
        file=path,
        key="actions.source",
        hint=f"Name one of {', '.join(fetched)}."
        if fetched
        else "Limits are set with the key of a source that is fetched; add one.",
    )


def _relative_to(config: Config, folder: Path) -> Config:
    def local(path: str) -> str:
        is_url = re.match(r"[a-z][a-z0-9+.-]*://", path) is not None
        return path if is_url else str(folder / Path(path).expanduser())

    return config.model_copy(
        update={
            "storage": config.storage.model_copy(
                update={"root": folder / config.storage.root.expanduser()}
            ),
            "directory": config.directory.below(folder),
            "metrics": Metrics(
                textfile=path
                if (path := config.metrics.textfile) is None
                else folder / path.expanduser()
            ),
            "prices": Prices(files=tuple(folder / p.expanduser() for p in config.prices.files)),
            "budget_settings": config.budget_settings.model_copy(
                update={
                    "files": tuple(folder / p.expanduser() for p in config.budget_settings.files)
                }
            ),
            "currency": Currency(
                rates=rates if (rates := config.currency.rates) is None else folder / rates
            ),
            "sources": tuple(
                s.model_copy(update={"path": tuple(local(p) for p in s.path)})
                for s in config.sources
            ),
        }
    )


def _readable(error: ValidationError, path: Path, text: str, root: type[BaseModel]) -> ConfigError:
    first = error.errors()[0]
    location = first["loc"]
    known = _known_keys(root, location[:-1])
    if location[:1] == ("budget_settings",):  # as it is written
        location = ("budgets", *location[1:])
    line = _line_of(text, location)
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(location[-1]), known, 1, 0.5)
        suggestion = (
            f"Did you mean {near[0]!r}?"
            if near
            else f"Known keys here: {', '.join(sorted(known))}."
        )
        return ConfigError(
            "unknown key", file=path, line=line, key=_shown(location), hint=suggestion
        )
    message = _message(first["type"], first["msg"], location, first["input"], first.get("ctx", {}))
    more = error.error_count() - 1
    hint = f"({more} more after this one.)" if more else None
    return ConfigError(message, file=path, line=line, key=_shown(location) or None, hint=hint)


def _shown(location: Location) -> str:
    """A place as a reader finds it: ``alerts.channels``, ``[[budgets]] no. 1, id``."""
    if len(location) > 1 and isinstance(location[1], int):
        rest = ".".join(str(part) for part in location[2:] if isinstance(part, str))
        return f"[[{location[0]}]] no. {location[1] + 1}" + (f", {rest}" if rest else "")
    return ".".join(str(part) for part in location if isinstance(part, str))


def _message(
    kind: str, otherwise: str, location: Location, value: object, limits: Mapping[str, Any]
) -> str:
    """The error in a value and what to write; the value of a secret key is never shown here."""
    names = [part for part in location if isinstance(part, str)]
    text = TEXTS.get(".".join(names[:2] + names[3:] if _is_named(location) else names))
    example = f", such as {text.example}" if text is not None else ""
    match kind:
        case "missing":
            return f"is missing; write it{example}"
        case "tuple_type" if len(names) == 1:
            return f"is a list of tables; write [[{names[0]}]] with two brackets"
        case "tuple_type":
            return f"write a list{example}"
        case "model_type" | "model_attributes_type":
            return f"is a section; write [{names[0]}] and its keys below"
        case "string_type" | "path_type":
            return f"write a text in quotes{example}"
        case _:
            number = f"write it without quotes{example}"
            return value_error(kind, otherwise, value, limits, number=number)


def _is_named(location: Location) -> bool:
    """Whether it is in a section that has a name of its own: [alerts.routes.NAME]."""
    return location[:2] == ("alerts", "routes") and len(location) > 2


def _known_keys(root: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    model: Any = root
    for part in (*location[:2], *location[3:]) if _is_named(location) else location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        arguments = getattr(annotation, "__args__", ())
        model = next((a for a in (annotation, *arguments) if hasattr(a, "model_fields")), root)
    return [name for name in model.model_fields if name != "budget_settings"]


def _line_of(text: str, location: tuple[int | str, ...]) -> int | None:
    """The line of a key, found by walking the section headers; None if unsure."""
    names = [p for p in location if isinstance(p, str)]
    index = next((p for p in location if isinstance(p, int)), 0)
    if not names:
        return None
    section = names[0] if len(names) > 1 else None
    if _is_named(location):
        section = ".".join(names[:3])
    key = names[-1]
    header_line: int | None = None
    seen, inside = -1, section is None
    for number, text_line in enumerate(text.splitlines(), 1):
        line = text_line.strip()
        if line.startswith("["):
            name = line.split("#")[0].strip("[] \t").replace('"', "")
            if section is None and name == key:
                return number
            inside = name == section
            if inside:
                seen += 1
                inside = seen == index or not line.startswith("[[")
                header_line = number if inside else header_line
        elif inside and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return header_line
