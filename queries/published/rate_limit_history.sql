-- row: how much one model could be used in one project, while it was so.
-- engine: duckdb
-- view: How much one model could be used in one project, while it was so.
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
-- column valid_from_at TIMESTAMP: Since when it was so, UTC; NULL: from the beginning
-- column valid_to_at TIMESTAMP: Until when it was so (exclusive), UTC; NULL: it is so now
-- column source VARCHAR: The source, as the configuration names it; (file): a file of the
--   directory
-- column provider VARCHAR: Provider whose limit it is
SELECT
  project_id, model, max_requests_per_1_minute, max_tokens_per_1_minute,
  max_images_per_1_minute, max_audio_megabytes_per_1_minute, max_requests_per_1_day,
  batch_1_day_max_input_tokens, nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at,
  valid_to_at, source, provider
FROM stored.rate_limits
