-- row: one run, with the version of tollbook that ran; NULL where it was older than this column.
ALTER TABLE runs ADD COLUMN tollbook_version VARCHAR
