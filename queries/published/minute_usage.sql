-- row: what one minute bucket tells of one project, model, key and user, as it was fetched last.
-- Never charged: the same use is in usage, from the hours or days of the same source.
-- engine: duckdb
SELECT
  started_at, usage_date, organization_id, project_id, api_key_id, user_id, model, scope,
  operation, service_tier, is_batch, requests, input_tokens, output_tokens, images, characters,
  audio_seconds, source, input_file, input_line, fetched_at
FROM {{ minute_files }}
