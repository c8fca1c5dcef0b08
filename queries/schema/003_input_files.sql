-- row: one version of one raw file that was read; its fates are as of now.
CREATE TABLE input_files (
  file_id           BIGINT PRIMARY KEY,
  input_file        VARCHAR NOT NULL,
  source            VARCHAR NOT NULL,
  kind              VARCHAR NOT NULL,
  basis             VARCHAR NOT NULL,
  state             VARCHAR NOT NULL,  -- read, waiting, gone, replaced, forgotten, unreadable
  landed_path       VARCHAR,           -- our own copy, of what was fetched
  size_bytes        BIGINT NOT NULL,
  modified_ns       BIGINT NOT NULL,
  sample_hash       VARCHAR NOT NULL,  -- of its size, head and tail: recognises an unchanged file
  content_hash      VARCHAR NOT NULL,  -- of the uncompressed content, size_bytes of it where plain
  read_bytes        BIGINT NOT NULL,
  lines_read        BIGINT NOT NULL,
  rows_read         BIGINT NOT NULL,
  accepted          BIGINT NOT NULL,
  duplicate         BIGINT NOT NULL,
  superseded        BIGINT NOT NULL,
  quarantined       BIGINT NOT NULL,
  not_usage         BIGINT NOT NULL,
  waiting_bytes     BIGINT NOT NULL,   -- of a half-written last line, left for next time
  is_tail_rejected  BOOLEAN NOT NULL,  -- that line was quarantined after a day
  first_record_at   TIMESTAMP,
  last_record_at    TIMESTAMP,
  ingested_at       TIMESTAMP NOT NULL,
  run_id            VARCHAR NOT NULL,
  message           VARCHAR
)
