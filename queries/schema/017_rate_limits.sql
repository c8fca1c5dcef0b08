-- row: how much one model may be used in a project, while it was so; valid_to_at is exclusive, NULL: it is so now.
CREATE TABLE rate_limits (
  project_id                       VARCHAR NOT NULL,
  model                            VARCHAR NOT NULL,
  max_requests_per_1_minute        BIGINT,
  max_tokens_per_1_minute          BIGINT,
  max_images_per_1_minute          BIGINT,
  max_audio_megabytes_per_1_minute BIGINT,
  max_requests_per_1_day           BIGINT,
  batch_1_day_max_input_tokens     BIGINT,
  valid_from_at                    TIMESTAMP NOT NULL,
  valid_to_at                      TIMESTAMP
)
