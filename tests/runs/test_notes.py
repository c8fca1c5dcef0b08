"""What is said of many files is said once."""

from __future__ import annotations

from pipeline.runs.notes import collapse_repeats


def test_notes_that_differ_in_file_and_numbers_become_one() -> None:
    """The first stands for them; others, and notes about no file, stay as they are."""
    notes = [
        "raw/a.gz: images of m are billed by tokens (47 rows)",
        "The source 'x' has nothing to read: no file matches 1",
        "raw/b.gz:3: images of m are billed by tokens (2 rows)",
        "raw/c.gz: something else",
        "The source 'x' has nothing to read: no file matches 2",
    ]
    assert collapse_repeats(notes) == [
        "raw/a.gz: images of m are billed by tokens (47 rows) (and 1 more like this)",
        notes[1],
        notes[3],
        notes[4],
    ]


def test_one_note_stays_as_it_is() -> None:
    assert collapse_repeats(["a.csv: x"]) == ["a.csv: x"]
    assert collapse_repeats([]) == []
