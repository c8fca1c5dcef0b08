-- row: the rows that runs have read, by what became of them then.
-- engine: duckdb
SELECT
  CAST(coalesce(sum(accepted), 0) AS BIGINT) AS accepted,
  CAST(coalesce(sum(duplicate), 0) AS BIGINT) AS duplicate,
  CAST(coalesce(sum(superseded), 0) AS BIGINT) AS superseded,
  CAST(coalesce(sum(quarantined), 0) AS BIGINT) AS quarantined,
  CAST(coalesce(sum(not_usage), 0) AS BIGINT) AS not_usage
FROM runs
