-- question: How fresh and how complete is what each source has brought?
-- row: one source, the one furthest behind first.
-- ties: accepted + duplicate + superseded + quarantined = rows_read.
-- parameter: now TIMESTAMP default now, the instant (UTC) that hours are counted to
-- engine: duckdb
WITH not_covered AS (
  SELECT
    source AS missing_source,
    string_agg(
      endpoint || ' from ' || strftime(since_at, '%Y-%m-%d %H:%M')
      || coalesce(' to before ' || strftime(until_at, '%Y-%m-%d %H:%M'), ' on'),
      '; ' ORDER BY endpoint, since_at
    ) AS not_covered
  FROM missing_pages
  GROUP BY source
),

covered AS (  -- as the report shows it; a source of costs has no records of usage
  SELECT
    source AS covered_source,
    coalesce(
      max(covered_until_at) FILTER (WHERE covers = 'usage'), max(covered_until_at)
    ) AS covered_until_at
  FROM calendar
  GROUP BY source
)

SELECT
  f.source,
  max(kind) AS kind,
  max(last_record_at) AS last_record_at,
  date_sub('hour', max(last_record_at), CAST($now AS TIMESTAMP)) AS hours_behind,
  max(ingested_at) AS last_ingested_at,
  count(*) AS files,
  count(*) FILTER (WHERE state = 'unreadable') AS unreadable_files,
  count(*) FILTER (WHERE state = 'gone') AS gone_files,
  CAST(coalesce(sum(waiting_bytes), 0) AS BIGINT) AS waiting_bytes,
  CAST(coalesce(sum(rows_read), 0) AS BIGINT) AS rows_read,
  CAST(coalesce(sum(accepted), 0) AS BIGINT) AS accepted,
  CAST(coalesce(sum(duplicate), 0) AS BIGINT) AS duplicate,
  CAST(coalesce(sum(superseded), 0) AS BIGINT) AS superseded,
  CAST(coalesce(sum(quarantined), 0) AS BIGINT) AS quarantined,
  CAST(
    CAST(coalesce(sum(quarantined), 0) AS HUGEINT) * 10000
    // nullif(CAST(sum(rows_read) AS HUGEINT), 0)
    AS BIGINT
  ) AS quarantined_basis_points,
  max(m.not_covered) AS not_covered,
  max(c.covered_until_at) AS covered_until_at
FROM input_files AS f
LEFT JOIN not_covered AS m ON m.missing_source = f.source
LEFT JOIN covered AS c ON c.covered_source = f.source
WHERE f.state NOT IN ('replaced', 'forgotten')
GROUP BY f.source
ORDER BY hours_behind DESC NULLS FIRST, f.source
