-- row: the run that began last, noted before it writes any file: files of a run that is named here
-- and not in `runs` are what is left of it after it was killed.
CREATE TABLE begun_runs (
  run_id VARCHAR PRIMARY KEY
)
