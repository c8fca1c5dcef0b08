-- row: how much one model could be used in one project, while it was so.
-- engine: duckdb
SELECT
  project_id, model, max_requests_per_1_minute, max_tokens_per_1_minute,
  max_images_per_1_minute, max_audio_megabytes_per_1_minute, max_requests_per_1_day,
  batch_1_day_max_input_tokens, nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at,
  valid_to_at, source
FROM stored.rate_limits
