-- row: one rejected row that was dropped, since the same text is held back already: what is held
-- back if the file that has it is forgotten.
CREATE TABLE dropped_rejects (
  file_id          BIGINT NOT NULL,
  source           VARCHAR NOT NULL,
  input_file       VARCHAR NOT NULL,
  input_line       BIGINT NOT NULL,
  rule             VARCHAR NOT NULL,
  detail           VARCHAR NOT NULL,
  raw              VARCHAR,
  tokens_held_back BIGINT,
  run_id           VARCHAR NOT NULL
)
