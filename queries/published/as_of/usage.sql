-- row: one usage record as it was known at an instant: recorded by then, and not yet replaced.
-- a record that a forgotten file had replaced counts as never replaced, since it holds again.
-- takes: as_of (known_at), and the published views.
-- engine: duckdb
WITH versions AS (
  SELECT
    record_id, source, basis, provider, started_at, ended_at, usage_date, charge_date,
    organization_id, project_id, api_key_id, user_id, service_account_id, model, scope, operation,
    variant, service_tier, is_batch,
{%- for meter in meters %}
    {{ meter }},
{%- endfor %}
    requests, recorded_at, input_file, input_line, CAST(NULL AS TIMESTAMP) AS replaced_at
  FROM tollbook.main.usage
  UNION ALL
  SELECT
    record_id, source, basis, provider, started_at, ended_at, usage_date, charge_date,
    organization_id, project_id, api_key_id, user_id, service_account_id, model, scope, operation,
    variant, service_tier, is_batch,
{%- for meter in meters %}
    {{ meter }},
{%- endfor %}
    requests, recorded_at, input_file, input_line, replaced_at
  FROM tollbook.main.usage_versions
)

SELECT
  v.record_id, v.source, v.basis, v.provider, v.started_at, v.ended_at, v.usage_date,
  v.charge_date, v.organization_id, v.project_id, v.api_key_id, v.user_id, v.service_account_id,
  v.model, v.scope, v.operation, v.variant, v.service_tier, v.is_batch,
{%- for meter in meters %}
  v.{{ meter }},
{%- endfor %}
  v.requests, v.recorded_at, v.input_file, v.input_line
FROM versions AS v
CROSS JOIN as_of AS a
WHERE v.recorded_at <= a.known_at AND (v.replaced_at IS NULL OR v.replaced_at > a.known_at)
