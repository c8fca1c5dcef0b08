-- row: one limit as it was at an instant (NULL: now): a rate limit of a model in a project, the
--      models that a project may use, or a hard spend limit; those taken away by then included.
-- takes: $at TIMESTAMP, $project VARCHAR (NULL: all).
-- engine: duckdb
{% from "directory/last_version.sql.j2" import last_version %}
WITH moment AS (
  SELECT coalesce(CAST($at AS TIMESTAMP), TIMESTAMP '9999-12-31') AS asked_at
),

rates AS (
  SELECT
    r.provider, r.project_id, r.model, r.max_requests_per_1_minute, r.max_tokens_per_1_minute,
    r.max_images_per_1_minute, r.max_audio_megabytes_per_1_minute, r.max_requests_per_1_day,
    r.batch_1_day_max_input_tokens, r.valid_from_at, r.valid_to_at
  FROM rate_limit_history AS r
  CROSS JOIN moment
  {{ last_version("r", "r.provider, r.project_id, r.model") }}
),

permissions AS (
  SELECT m.project_id, m.mode, m.model_ids, m.valid_from_at, m.valid_to_at
  FROM model_permissions AS m
  CROSS JOIN moment
  {{ last_version("m", "m.project_id") }}
),

spending AS (
  SELECT s.project_id, s.amount_usd, s.period, s.enforcement, s.valid_from_at, s.valid_to_at
  FROM spend_limits AS s
  CROSS JOIN moment
  {{ last_version("s", "s.project_id") }}
),

names AS (
  SELECT h.project_id, h.project_name
  FROM project_history AS h
  CROSS JOIN moment
  {{ last_version("h", "h.project_id") }}
),

everything AS (
  SELECT
    'rate' AS kind, project_id, model, max_requests_per_1_minute, max_tokens_per_1_minute,
    max_images_per_1_minute, max_audio_megabytes_per_1_minute, max_requests_per_1_day,
    batch_1_day_max_input_tokens, NULL AS model_ids, CAST(NULL AS DECIMAL(38, 24)) AS amount_usd,
    NULL AS period, NULL AS enforcement, valid_from_at, valid_to_at, provider
  FROM rates
  UNION ALL
  SELECT
    mode AS kind, project_id, NULL AS model, NULL AS max_requests_per_1_minute,
    NULL AS max_tokens_per_1_minute, NULL AS max_images_per_1_minute,
    NULL AS max_audio_megabytes_per_1_minute, NULL AS max_requests_per_1_day,
    NULL AS batch_1_day_max_input_tokens, array_to_string(model_ids, ' ') AS model_ids,
    NULL AS amount_usd, NULL AS period, NULL AS enforcement, valid_from_at, valid_to_at,
    NULL AS provider
  FROM permissions
  UNION ALL
  SELECT
    'spend' AS kind, project_id, NULL AS model, NULL AS max_requests_per_1_minute,
    NULL AS max_tokens_per_1_minute, NULL AS max_images_per_1_minute,
    NULL AS max_audio_megabytes_per_1_minute, NULL AS max_requests_per_1_day,
    NULL AS batch_1_day_max_input_tokens, NULL AS model_ids, amount_usd, period, enforcement,
    valid_from_at, valid_to_at, NULL AS provider
  FROM spending
)

SELECT
  e.kind, e.project_id, n.project_name, e.model, e.max_requests_per_1_minute,
  e.max_tokens_per_1_minute, e.max_images_per_1_minute, e.max_audio_megabytes_per_1_minute,
  e.max_requests_per_1_day, e.batch_1_day_max_input_tokens, e.model_ids, e.amount_usd, e.period,
  e.enforcement,
  CASE WHEN e.valid_to_at <= moment.asked_at THEN 'ended' ELSE 'active' END AS state,
  e.valid_from_at AS so_since_at,
  CASE WHEN e.valid_to_at <= moment.asked_at THEN e.valid_to_at END AS ended_at,
  e.provider
FROM everything AS e
CROSS JOIN moment
LEFT JOIN names AS n ON n.project_id = e.project_id
WHERE CAST($project AS VARCHAR) IS NULL OR e.project_id = $project OR n.project_name = $project
ORDER BY
  n.project_name NULLS FIRST, e.project_id NULLS FIRST, e.kind DESC, e.model NULLS LAST,
  e.provider NULLS FIRST
