-- row: as in 003_input_files; copied_lines is how many lines a version has from the one that it is a
-- copy of. NULL: no copy, or read before a copy that has grown was told from one that has not.
ALTER TABLE input_files ADD COLUMN copied_lines BIGINT
