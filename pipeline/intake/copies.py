"""Files whose content was read before, under this name or another: nothing of them is read."""

from __future__ import annotations

from pathlib import Path

from pipeline.config.model import Source
from pipeline.intake.files.discovery import RawFile
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.session import IntakeSession


def is_copy(
    intake: IntakeSession,
    source: Source,
    file: RawFile,
    known: InputFile | None,
    content_hash: str,
    *,
    may_return: bool = False,
    is_table: bool = False,
) -> bool:
    """Whether the same content was read before: then every row of it is a duplicate.

    `may_return`: a second file with the same content is a later version of it, as the files of
    pages are, unless the first one is gone and was only renamed. `is_table`: rows that vanish from
    a file may count no longer.
    """
    original = intake.files.copy_of(source.kind, source.basis, content_hash)
    if original is None:
        return False
    if is_table and original.state == "replaced":
        return False  # some of its rows may have vanished from it and count no longer
    if not may_return and original.state != "forgotten" and intake.files.repeats_itself(original):
        return False  # which of its rows it had before is known of no copy
    if source.replace and known is not None:
        return False  # rewritten: what it says now counts, also when it has said so before
    if original.state == "forgotten":
        if known is not None:  # the name is known: it was not renamed, its content is another
            return False
        leave_out(intake, source, file, known, original)
        return True
    was_renamed = original.state != "replaced" and not Path(original.input_file).exists()
    if may_return and (original.input_file == file.name or not was_renamed):
        return False
    entry = intake.files.add(
        intake.entry(
            source,
            file,
            content_hash=content_hash,
            read_bytes=original.read_bytes,
            lines_read=original.lines_read,
            first_record_at=original.first_record_at,
            last_record_at=original.last_record_at,
            covered_until_at=original.covered_until_at,
            message=f"a copy of {original.input_file}",
            copy_of=_first(original),
            copied_lines=original.lines_read,
        ),
        known,
    )
    entry.take_in(original.rows_read, duplicate=original.rows_read, not_usage=original.not_usage)
    intake.touched.append(entry)
    return True


def _first(original: InputFile) -> int:
    """The file id of what this is a copy of; of itself where it is none, or has grown since."""
    is_same = original.copied_lines in (None, original.lines_read)
    return original.copy_of if original.copy_of is not None and is_same else original.file_id


def leave_out(
    intake: IntakeSession,
    source: Source,
    file: RawFile,
    known: InputFile | None,
    original: InputFile,
) -> None:
    """A forgotten file under another name, packed, or with more behind it, is forgotten too."""
    message = f"it is or begins with {original.input_file}, which was forgotten"
    facts = {
        name: getattr(original, name) for name in ("content_hash", "read_bytes", "waiting_bytes")
    }
    entry = intake.entry(source, file, state="forgotten", message=message, **facts)
    intake.files.add(entry, known)
    intake.notes.append(f"{file.name}: left out, {message}")
