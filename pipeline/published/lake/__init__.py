"""Published views as tables of a data lake, Delta or Iceberg, for those who have a catalogue.

A table is partitioned by UTC day and keeps the mark of what each day was written from. An
export replaces the days whose mark is another now, in one commit a table: readers see all of it or
nothing.
"""
