-- row: one version of a usage record that was replaced, or taken back with its file.
-- engine: duckdb
SELECT
  u.record_id, u.source, u.basis, u.provider, u.started_at, u.ended_at, u.usage_date,
  u.charge_date, u.organization_id, u.project_id, u.api_key_id, u.user_id, u.service_account_id,
  u.model, u.scope, u.operation, u.variant, u.service_tier, u.is_batch,
{%- for meter in meters %}
  u.{{ meter }},
{%- endfor %}
  u.requests, u.recorded_at, u.input_file, u.input_line,
  e.replaced_at, e.replaced_by_file, e.replaced_by_line, e.reason AS replaced_reason
FROM {{ version_files }} AS u
INNER JOIN stored.version_files AS f ON f.path = u.filename
INNER JOIN stored.excluded_rows AS e
  ON e.ledger_id = f.ledger_id AND e.row_number = CAST(u.file_row_number AS BIGINT)
