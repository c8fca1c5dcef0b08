-- row: one model in one project: how much it may be used now.
-- engine: duckdb
SELECT
  project_id, model, max_requests_per_1_minute, max_tokens_per_1_minute,
  max_images_per_1_minute, max_audio_megabytes_per_1_minute, max_requests_per_1_day,
  batch_1_day_max_input_tokens
FROM stored.rate_limits
WHERE valid_to_at IS NULL
