-- row: one version of a usage record that was replaced, or taken back with its file.
-- engine: duckdb
-- view: One version of a usage record that was replaced by a later one.
-- column record_id VARCHAR: Id of the record: the response id, the request id, or one made from
--   bucket or line
-- column source VARCHAR: Name of the source in tollbook.toml that brought the record
-- column basis VARCHAR: charge: makes charges; detail: only attribution and comparison, never
--   counted in charges
-- column provider VARCHAR: Who provides the model, such as openai
-- column started_at TIMESTAMP: Start of the request or bucket, UTC
-- column ended_at TIMESTAMP: End of the bucket, exclusive, UTC; NULL for a single request
-- column usage_date DATE: Day of started_at in UTC, as on the provider's bill
-- column charge_date DATE: Day of started_at in the organization's time zone, as in budgets and
--   reports
-- column organization_id VARCHAR: Id of the organization
-- column project_id VARCHAR: Id of the project; NULL where the source does not say
-- column api_key_id VARCHAR: Id of the API key (never the key itself); NULL where the source does
--   not say
-- column user_id VARCHAR: Id of the user; NULL for service accounts and where the source does not
--   say
-- column service_account_id VARCHAR: Id of the service account; NULL where it was none or is not
--   known
-- column model VARCHAR: Id of the model as recorded; NULL: the provider did not say
-- column scope VARCHAR: models, fine_tuning, storage or tools
-- column operation VARCHAR: Name of the endpoint, such as completions or embeddings
-- column variant VARCHAR: What else decides the price, such as image size and quality; NULL where
--   nothing does
-- column service_tier VARCHAR: default, flex, priority, batch or scale; any other as recorded
-- column is_batch BOOLEAN: Whether the Batch API did it
-- column text_input_tokens BIGINT: Text input that was not served from a cache and not written to
--   one, in tokens
-- column cached_text_input_tokens BIGINT: Text input served from the prompt cache, in tokens; not
--   part of text_input_tokens
-- column cache_write_tokens BIGINT: Input written to the prompt cache for 30 minutes (or unknown
--   time), in tokens; not part of text_input_tokens
-- column cache_write_12h_tokens BIGINT: Input written to the prompt cache for 12 hours, in tokens;
--   not part of text_input_tokens
-- column text_output_tokens BIGINT: Text output, reasoning included, in tokens
-- column audio_input_tokens BIGINT: Audio input that was not served from a cache, in tokens
-- column cached_audio_input_tokens BIGINT: Audio input served from the prompt cache, in tokens
-- column audio_output_tokens BIGINT: Audio output, in tokens
-- column image_input_tokens BIGINT: Image input that was not served from a cache, in tokens
-- column cached_image_input_tokens BIGINT: Image input served from the prompt cache, in tokens
-- column image_output_tokens BIGINT: Image output, in tokens
-- column training_tokens BIGINT: Tokens a fine-tuning job was trained on
-- column images BIGINT: Images that were made, as a count
-- column characters BIGINT: Characters turned into speech, as a count
-- column audio_seconds DECIMAL(22,6): Audio that was transcribed, in seconds
-- column video_seconds DECIMAL(22,6): Video that was made, in seconds
-- column vector_store_gb_days DECIMAL(22,6): Stored bytes of vector stores, in GB-days with a GB of
--   2^30 bytes
-- column code_interpreter_sessions BIGINT: Code interpreter sessions, as a count
-- column web_search_calls BIGINT: Web search calls, as a count
-- column file_search_calls BIGINT: File search calls, as a count
-- column requests BIGINT: Requests, as a count: 1 for a single request, many for a bucket
-- column recorded_at TIMESTAMP: When the source recorded or fetched it, UTC
-- column input_file VARCHAR: Raw file that the record was read from
-- column input_line BIGINT: Line (from 1) in input_file
-- column replaced_at TIMESTAMP: When it was replaced, UTC
-- column replaced_by_file VARCHAR: Raw file of what replaced it; NULL where nothing took its place
-- column replaced_by_line BIGINT: Line (from 1) in replaced_by_file
-- column replaced_reason VARCHAR: superseded, restated, vanished (from a table with replace = true), forgotten or rebased (it is under another
--   basis now)
SELECT
  {{ usage_columns | columns('u') }},
  e.replaced_at, e.replaced_by_file, e.replaced_by_line, e.reason AS replaced_reason
FROM {{ version_files }} AS u
INNER JOIN stored.version_files AS f ON f.path = u.filename
INNER JOIN stored.excluded_rows AS e
  ON e.ledger_id = coalesce(u.ledger_id, f.ledger_id)
  AND e.row_number = coalesce(u.row_number, CAST(u.file_row_number AS BIGINT))
WHERE e.restored_at IS NULL
