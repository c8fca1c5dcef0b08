-- row: one page of buckets that says that more follow it. Whether these are there is looked up at
-- the end of every run: they may be in a file that is read later, or be forgotten.
CREATE TABLE IF NOT EXISTS open_pages (
  provider         VARCHAR NOT NULL,
  organization_id  VARCHAR NOT NULL,
  endpoint         VARCHAR NOT NULL,
  covered_until_at TIMESTAMP NOT NULL,  -- end of its last bucket
  asked_until_at   TIMESTAMP,           -- NULL: the page does not say what was asked for
  source           VARCHAR NOT NULL,
  input_file       VARCHAR NOT NULL,
  input_line       BIGINT NOT NULL,
  run_id           VARCHAR NOT NULL,
  is_continued     BOOLEAN NOT NULL,    -- what follows it is there
  missing_until_at TIMESTAMP            -- NULL: not known, or nothing is missing
)
