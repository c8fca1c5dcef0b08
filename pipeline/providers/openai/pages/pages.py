"""Saved pages of OpenAI's admin API: one, an array, JSON lines; bare or in our envelope.

Gives pages with buckets and result rows, each with its line and raw text; numbers are exact.
Never decides what a row means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pipeline.dates import parse_instant
from pipeline.errors import SourceError
from pipeline.intake.rejects import Reject

FORMAT_HINT = (
    'Expected pages as the API returns them ({"object":"page","data":[…]}): '
    "one, a JSON array of them, or one a line."
)
# These narrow a fetch, so that its buckets are not whole.
FILTERS = frozenset(
    {
        "project_ids", "user_ids", "api_key_ids", "models", "batch", "sources", "sizes",
        "vector_store_ids", "context_levels", "line_items",
    }
)  # fmt: skip

_SPACE = re.compile(r"[ \t\r\n]*")
_PAGE = re.compile(rb'"object"\s*:\s*"(?:page|bucket)"')
_COSTS = re.compile(rb'"organization\.costs\.result"|"endpoint"\s*:\s*"[^"]*\bcosts/?"')
_USAGE = re.compile(rb'"organization\.usage\.[a-z_]+\.result"|"endpoint"\s*:\s*"[^"]+"')


@dataclass(frozen=True, slots=True)
class Part:
    """One JSON value of a file, the 1-based line it starts on, and its text."""

    value: Any
    line: int
    raw: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page; without an envelope `endpoint` and `fetched_at` are None, `parameters` empty."""

    line: int
    endpoint: str | None
    parameters: Mapping[str, Any]
    fetched_at: datetime | None
    buckets: tuple[Part, ...]  # a value's "results" is a list of parts, where it is a list at all
    has_more: bool

    @property
    def group_by(self) -> frozenset[str]:
        """The dimensions that the envelope's parameters ask for."""
        value = self.parameters.get("group_by") or ()
        names = value.split(",") if isinstance(value, str) else value
        return frozenset(str(n).strip() for n in names if str(n).strip())


class PageFile(NamedTuple):
    """The pages of a file, and the lines of a JSON-lines file that are not pages."""

    pages: tuple[Page, ...]
    rejects: tuple[Reject, ...]


class _NotAPageError(Exception):
    """A document that is readable and not a page; the message gives the reason."""


def detect(first_bytes: bytes) -> Literal["openai_usage", "openai_costs"] | None:
    """Which kind of pages a file holds, by its first bytes; None: no pages of these two.

    Pages whose first bytes show no result are taken as usage, which reports them as empty.
    """
    start = first_bytes.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] not in {b"{", b"["} or b"\0" in first_bytes:
        return None
    costs, usage = _COSTS.search(start), _USAGE.search(start)
    is_page = _PAGE.search(start) is not None
    if costs and (is_page or usage) and (usage is None or costs.start() <= usage.start()):
        return "openai_costs"
    return "openai_usage" if is_page else None


def read(path: Path, input_file: str) -> PageFile:
    """The pages of one file, in its order.

    **Fails** with SourceError (file, line, hint) where the file is empty, no UTF-8, no JSON, or
    has no page; in a JSON-lines file a bad line costs only itself and becomes a reject.
    """
    text = _text(path, input_file)
    documents = _Documents(text)
    if not _is_json_lines(text):
        try:
            return PageFile(tuple(documents.pages(0, len(text))), ())
        except (ValueError, RecursionError, _NotAPageError) as error:
            raise SourceError(
                _reason(error), file=input_file, line=_line(error, documents), hint=FORMAT_HINT
            ) from None
    pages: list[Page] = []
    rejects: list[Reject] = []
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        end = start + len(line)
        if line.strip():
            try:
                pages += documents.pages(start, end)
            except (ValueError, RecursionError) as error:
                rejects.append(Reject(number, "unreadable_json", _reason(error), line.strip()))
            except _NotAPageError as error:
                rejects.append(Reject(number, "not_a_page", _reason(error), line.strip()))
        start = end + 1
    if not pages:
        first = rejects[0]
        raise SourceError(first.detail, file=input_file, line=first.input_line, hint=FORMAT_HINT)
    return PageFile(tuple(pages), tuple(rejects))


def _text(path: Path, input_file: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"cannot be read ({error.strerror})", file=input_file, hint="Check path and rights."
        ) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceError(
            "is not UTF-8 text", file=input_file, line=line, hint=f"Save it as UTF-8. {FORMAT_HINT}"
        ) from None
    if not text.strip():
        raise SourceError("is empty", file=input_file, hint=FORMAT_HINT)
    return text


def _is_json_lines(text: str) -> bool:
    """Whether one of the first lines is by itself a page or an envelope, and not the only line."""
    lines = [line for line in text.split("\n", 8)[:8] if line.strip()]
    if len(lines) < 2:
        return False
    for line in lines[:4]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and ("data" in value or "page" in value):
            return True
    return False


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON ({error.msg[0].lower()}{error.msg[1:]}, column {error.colno})"
    return "nests too deeply" if isinstance(error, RecursionError) else str(error)


def _line(error: Exception, documents: _Documents) -> int:
    return error.lineno if isinstance(error, json.JSONDecodeError) else documents.line


def _whole(text: str) -> int | Decimal:
    # int() refuses more than 4,300 digits with an error of its own; no count has twenty.
    return int(text) if len(text) <= 40 else Decimal(text)


class _Documents:
    """Descends to the result rows itself, to know where they stand; the rest is json's scanner."""

    def __init__(self, text: str) -> None:
        self._source = text
        self._decode = json.JSONDecoder(
            parse_float=Decimal, parse_int=_whole, parse_constant=str
        ).raw_decode
        self._counted = 0
        self.line = 1  # of the value read last; values are met in the file's order

    def pages(self, start: int, end: int) -> list[Page]:
        """The pages of the documents between two offsets."""
        pages: list[Page] = []
        at = self._skip(start)
        while at < end:
            is_array = self._source[at] == "["
            value, at = self._array(at, self._page) if is_array else self._page(at)
            pages += (part.value for part in value) if is_array else (value,)
            at = self._skip(at)
        return pages

    def _page(self, at: int) -> tuple[Any, int]:
        line = self._line_of(at)
        inside: dict[str, Callable[[int], tuple[Any, int]]] = {"data": self._buckets}
        value, end = self._object(at, inside | {"page": lambda i: self._object(i, inside)})
        return _page(value, line), end

    def _buckets(self, at: int) -> tuple[Any, int]:
        return self._array(at, lambda i: self._object(i, {"results": self._rows}))

    def _rows(self, at: int) -> tuple[Any, int]:
        return self._array(at, lambda i: self._decode(self._source, i))

    def _object(
        self, at: int, inside: Mapping[str, Callable[[int], tuple[Any, int]]]
    ) -> tuple[Any, int]:
        """An object whose members named in `inside` are read by their own reader."""
        if self._source[at : at + 1] != "{":
            return self._decode(self._source, at)
        members: dict[str, Any] = {}
        at = self._skip(at + 1)
        if self._source[at : at + 1] == "}":
            return members, at + 1
        while True:
            if self._source[at : at + 1] != '"':
                raise json.JSONDecodeError(
                    "Expecting property name enclosed in double quotes", self._source, at
                )
            key, at = self._decode(self._source, at)
            at = self._skip(self._expect(":", self._skip(at)))
            read = inside.get(key)
            members[key], at = read(at) if read else self._decode(self._source, at)
            at = self._skip(at)
            if self._source[at : at + 1] == "}":
                return members, at + 1
            at = self._skip(self._expect(",", at))

    def _array(self, at: int, item: Callable[[int], tuple[Any, int]]) -> tuple[Any, int]:
        """An array as a list of parts; something else than an array as it is."""
        if self._source[at : at + 1] != "[":
            return self._decode(self._source, at)
        parts: list[Part] = []
        at = self._skip(at + 1)
        if self._source[at : at + 1] == "]":
            return parts, at + 1
        while True:
            line = self._line_of(at)
            value, end = item(at)
            parts.append(Part(value, line, self._source[at:end]))
            at = self._skip(end)
            if self._source[at : at + 1] == "]":
                return parts, at + 1
            at = self._skip(self._expect(",", at))

    def _expect(self, mark: str, at: int) -> int:
        if self._source[at : at + 1] != mark:
            raise json.JSONDecodeError(f"Expecting '{mark}'", self._source, at)
        return at + 1

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._source, at)
        return found.end() if found else at

    def _line_of(self, at: int) -> int:
        if at > self._counted:
            self.line += self._source.count("\n", self._counted, at)
            self._counted = at
        return self.line


def _page(value: Any, line: int) -> Page:
    """A decoded document as a page. Fails: _NotAPageError."""
    if not isinstance(value, dict):
        raise _NotAPageError("is a bare value, not a page")
    endpoint: str | None = None
    fetched_at: datetime | None = None
    parameters: dict[str, Any] = {}
    page = value
    if isinstance(value.get("page"), dict):
        page = value["page"]
        if not isinstance(value.get("endpoint"), str) or not value["endpoint"].strip("/ "):
            raise _NotAPageError("is an envelope without its `endpoint`")
        endpoint = value["endpoint"].strip("/ ").rsplit("/", 1)[-1]
        parameters = _parameters(value.get("parameters"))
        fetched_at = _fetched_at(value.get("fetched_at"))
    if "error" in page and "data" not in page:
        raise _NotAPageError("is an error of the API, not a page")
    buckets = page.get("data")
    if not isinstance(buckets, list):
        raise _NotAPageError("is not a page: it has no list `data`")
    if page.get("object", "page") != "page":
        raise _NotAPageError(f"is a {page['object']!r}, not a page")
    return Page(
        line,
        endpoint,
        parameters,
        fetched_at,
        tuple(buckets),
        page.get("has_more") is True or bool(page.get("next_page")),
    )


def _parameters(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict | None):
        raise _NotAPageError("is an envelope whose `parameters` are not an object")
    parameters = {str(k).removesuffix("[]"): v for k, v in (value or {}).items()}
    group_by = parameters.get("group_by")
    if not isinstance(group_by, str | list | None):
        raise _NotAPageError(f"is an envelope whose `group_by` is {group_by!r}, not names")
    narrowing = sorted(
        k for k in FILTERS & parameters.keys() if parameters[k] not in (None, [], "")
    )
    if narrowing:
        raise _NotAPageError(
            f"was fetched with the filter `{narrowing[0]}`, so its buckets are only partly there; "
            "fetch without filters"
        )
    return parameters


def _fetched_at(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return parse_instant(value)
    except (TypeError, ValueError):
        raise _NotAPageError(
            f"is an envelope whose `fetched_at` {value!r} is not an ISO 8601 instant"
        ) from None
