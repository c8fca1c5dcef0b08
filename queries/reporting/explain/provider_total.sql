-- row: what the provider bills for the UTC days of a cell, credits aside, and how many of its days
-- with costs are not charged as billed.
-- takes: a cell of whole projects and models. NULL where a line belongs to another model as well.
-- engine: duckdb
SELECT
  CASE
    WHEN coalesce(bool_or($model IS NOT NULL AND r.model <> $model), FALSE) THEN NULL
    ELSE CAST(sum(r.costs_usd - r.credits_usd) AS DECIMAL(38, 24))
  END AS provider_usd,
  count(DISTINCT r.usage_date) FILTER (WHERE b.usage_date IS NULL) AS estimated_days
FROM reconciliation AS r
LEFT JOIN (SELECT DISTINCT usage_date, provider FROM bill_days) AS b
  ON b.usage_date = r.usage_date AND b.provider = r.provider
WHERE r.usage_date >= $since_date AND r.usage_date < $until_date
  AND r.costs_usd IS NOT NULL AND r.other_currency IS NULL
  AND ($project_id IS NULL OR r.project_id = $project_id)
  AND (NOT $is_without_project OR r.project_id IS NULL)
  AND ($model IS NULL OR list_contains(string_split(r.model, ' + '), $model))
  AND (NOT $is_without_model OR r.model IS NULL)
