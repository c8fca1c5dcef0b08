-- row: one model in one project: how much it may be used now.
-- engine: duckdb
-- view: One model in one project: how much it may be used.
-- column project_id VARCHAR: Id of the project
-- column model VARCHAR: Id of the model
-- column max_requests_per_1_minute BIGINT: Most requests in a minute; NULL: no such limit
-- column max_tokens_per_1_minute BIGINT: Most tokens in a minute; NULL: no such limit
-- column max_images_per_1_minute BIGINT: Most images in a minute; NULL: no such limit
-- column max_audio_megabytes_per_1_minute BIGINT: Most megabytes of audio in a minute; NULL: no
--   such limit
-- column max_requests_per_1_day BIGINT: Most requests in a day; NULL: no such limit
-- column batch_1_day_max_input_tokens BIGINT: Most input tokens of Batch API jobs in a day; NULL:
--   no such limit
-- column provider VARCHAR: Provider whose limit it is
SELECT
  project_id, model, max_requests_per_1_minute, max_tokens_per_1_minute,
  max_images_per_1_minute, max_audio_megabytes_per_1_minute, max_requests_per_1_day,
  batch_1_day_max_input_tokens, provider
FROM stored.rate_limits
WHERE valid_to_at IS NULL
