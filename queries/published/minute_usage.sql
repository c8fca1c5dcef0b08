-- row: a row of a minute bucket, of one project, model, key and user, as it was fetched last.
-- Never charged: the same use is in usage, from the hours or days of the same source.
-- engine: duckdb
-- view: One row of a minute bucket, as it was fetched last; never charged, so never add it to
--   usage.
-- column started_at TIMESTAMP: Beginning of the minute, UTC
-- column usage_date DATE: UTC day of the minute
-- column organization_id VARCHAR: Id of the organization
-- column project_id VARCHAR: Id of the project; NULL: not known
-- column api_key_id VARCHAR: Id of the API key; NULL: not known
-- column user_id VARCHAR: Id of the user; NULL: not known
-- column model VARCHAR: Model as recorded; for tools without one, the operation
-- column scope VARCHAR: models, fine_tuning, storage or tools
-- column operation VARCHAR: Name of the usage endpoint, such as completions
-- column service_tier VARCHAR: default, flex, priority, batch, scale, or as recorded
-- column is_batch BOOLEAN: Batch API; NULL: not known
-- column requests BIGINT: Number of requests to models
-- column input_tokens BIGINT: Tokens in, cached included, in tokens
-- column output_tokens BIGINT: Tokens out, in tokens
-- column images BIGINT: Images of models that are billed by the image
-- column characters BIGINT: Characters of speech that was made
-- column audio_seconds DECIMAL(22,6): Seconds of audio that was transcribed
-- column source VARCHAR: Name of the source in the configuration
-- column input_file VARCHAR: File that it was read from
-- column input_line BIGINT: Line in that file, from 1
-- column fetched_at TIMESTAMP: When it was fetched, UTC; NULL: a page from elsewhere
-- column provider VARCHAR: Provider that was used
SELECT
  started_at, usage_date, organization_id, project_id, api_key_id, user_id, model, scope,
  operation, service_tier, is_batch, requests, input_tokens, output_tokens, images, characters,
  audio_seconds, source, input_file, input_line, fetched_at, provider
FROM {{ minute_files }}
