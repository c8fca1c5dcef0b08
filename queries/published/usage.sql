-- row: one accepted usage record, current version.
-- engine: duckdb
SELECT
  record_id, source, basis, provider, started_at, ended_at, usage_date, charge_date,
  organization_id, project_id, api_key_id, user_id, service_account_id, model, scope, operation,
  variant, service_tier, is_batch,
{%- for meter in meters %}
  {{ meter }},
{%- endfor %}
  requests, recorded_at, input_file, input_line
FROM {{ usage_files }}
