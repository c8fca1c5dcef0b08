-- row: one gap of a UTC month: a cause, project and model, its days together, the largest first.
-- takes: causes, exempt ones and explained ones; $since, $until and $project choose lines;
-- $tolerance is how far a gap may move until it is to clear again.
-- ties: sum(gap_usd) = that of reconciliation over the same lines.
-- engine: duckdb
WITH lines AS (
  SELECT
    CAST(date_trunc('month', CAST(usage_date AS TIMESTAMP)) AS DATE) AS month_date,
    usage_date,
    project_id,
    project_name,
    coalesce(model, line_item) AS model,
    charges_usd,
    costs_usd,
    ($since IS NULL OR usage_date >= CAST($since AS DATE))
      AND ($until IS NULL OR usage_date < CAST($until AS DATE)) AS is_chosen
{%- for cause in causes %},
    {{ cause }}_usd
{%- endfor %}
  FROM reconciliation
  WHERE
    gap_usd IS NOT NULL
    AND ($project IS NULL OR project_id = CAST($project AS VARCHAR))
),

parts AS (
{%- for cause in causes %}
  {{ "UNION ALL " if not loop.first }}SELECT
    month_date, usage_date, project_id, project_name, model, charges_usd, costs_usd, is_chosen,
    '{{ cause }}' AS cause, {{ cause }}_usd AS usd
  FROM lines
  WHERE {{ cause }}_usd <> 0
{%- endfor %}
),

sums AS (
  SELECT
    month_date, cause, project_id, max(project_name) AS project_name, model,
    -- of the whole month, as they are when a gap is cleared
    coalesce(sum(usd) FILTER (WHERE usd > 0), 0) AS month_up_usd,
    coalesce(sum(usd) FILTER (WHERE usd < 0), 0) AS month_down_usd,
    coalesce(sum(usd) FILTER (WHERE usd > 0 AND is_chosen), 0) AS up_usd,
    coalesce(sum(usd) FILTER (WHERE usd < 0 AND is_chosen), 0) AS down_usd,
    coalesce(sum(charges_usd) FILTER (WHERE is_chosen), 0) AS charges_usd,
    coalesce(sum(costs_usd) FILTER (WHERE is_chosen), 0) AS costs_usd,
    count(*) FILTER (WHERE is_chosen) AS lines,
    count(DISTINCT usage_date) FILTER (WHERE is_chosen) AS days,
    min(usage_date) FILTER (WHERE is_chosen) AS first_usage_date,
    max(usage_date) FILTER (WHERE is_chosen) AS last_usage_date
  FROM parts
  GROUP BY month_date, cause, project_id, model
)

SELECT
  s.month_date,
  CASE
    WHEN s.cause IN ('{{ exempt | join("', '") }}') THEN 'explained'
    WHEN
      abs(s.month_up_usd - c.up_usd) <= CAST($tolerance AS DECIMAL(38, 24))
      AND abs(s.month_down_usd - c.down_usd) <= CAST($tolerance AS DECIMAL(38, 24))
      THEN 'cleared'
    WHEN s.cause IN ('{{ explained | join("', '") }}') THEN 'explained'
    WHEN c.clearing_id IS NOT NULL THEN 'moved'
    ELSE 'to clear'
  END AS state,
  s.cause,
  s.project_id,
  s.project_name,
  s.model,
  CAST(s.up_usd AS DECIMAL(38, 24)) AS up_usd,
  CAST(s.down_usd AS DECIMAL(38, 24)) AS down_usd,
  CAST(s.up_usd + s.down_usd AS DECIMAL(38, 24)) AS gap_usd,
  CAST(s.charges_usd AS DECIMAL(38, 24)) AS charges_usd,
  CAST(s.costs_usd AS DECIMAL(38, 24)) AS costs_usd,
  s.lines,
  s.days,
  s.first_usage_date,
  s.last_usage_date,
  c.reason,
  c.cleared_by,
  c.cleared_at,
  CAST(c.up_usd + c.down_usd AS DECIMAL(38, 24)) AS cleared_usd
FROM sums AS s
LEFT JOIN cleared_gaps AS c
  ON c.undone_at IS NULL AND c.month_date = s.month_date AND c.cause = s.cause
  AND c.project_id IS NOT DISTINCT FROM s.project_id AND c.model IS NOT DISTINCT FROM s.model
WHERE
  s.lines > 0
{%- if is_above %}
  AND greatest(s.up_usd, -s.down_usd) > CAST($tolerance AS DECIMAL(38, 24))
{%- endif %}
ORDER BY
  greatest(s.up_usd, -s.down_usd) DESC, s.month_date, s.cause, s.project_id NULLS LAST,
  s.model NULLS LAST
