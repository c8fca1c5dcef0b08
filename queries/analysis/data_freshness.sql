-- question: How fresh and how complete is what each source has brought?
-- row: one source, the one furthest behind first.
-- ties: accepted + duplicate + superseded + quarantined = rows_read.
-- parameter: now TIMESTAMP default now, the instant (UTC) that hours are counted to
-- engine: duckdb
SELECT
  source,
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
  ) AS quarantined_basis_points
FROM input_files
WHERE state NOT IN ('replaced', 'forgotten')
GROUP BY source
ORDER BY hours_behind DESC NULLS FIRST, source
