-- row: one page that says that more follow it, with whether its successor is there by now; of a
-- forgotten file nothing is missing.
-- engine: duckdb
UPDATE open_pages
SET is_continued = found.is_continued, missing_until_at = found.missing_until_at
FROM (
  SELECT
    p.rowid AS page_id,
    coalesce(p.asked_until_at <= p.covered_until_at, false)
    OR coalesce(bool_or(f.state = 'forgotten'), false)
    OR coalesce(
      bool_or(
        b.started_at <= p.covered_until_at AND p.covered_until_at < b.started_at + CASE b.width
          WHEN '1h' THEN INTERVAL 1 HOUR
          ELSE INTERVAL 1 DAY
        END
      ),
      false
    ) AS is_continued,
    CASE
      WHEN p.asked_until_at < min(b.started_at) FILTER (WHERE b.started_at > p.covered_until_at)
        THEN p.asked_until_at
      ELSE coalesce(
        min(b.started_at) FILTER (WHERE b.started_at > p.covered_until_at), p.asked_until_at
      )
    END AS missing_until_at
  FROM open_pages AS p
  LEFT JOIN (
    SELECT source, arg_max(basis, file_id) AS basis
    FROM input_files
    GROUP BY source
  ) AS s ON s.source = p.source
  LEFT JOIN (
    SELECT source, input_file, arg_max(state, file_id) AS state
    FROM input_files
    GROUP BY source, input_file
  ) AS f ON f.source = p.source AND f.input_file = p.input_file
  LEFT JOIN buckets AS b
    ON b.provider = p.provider AND b.organization_id = p.organization_id
    AND b.endpoint = p.endpoint AND b.is_current AND b.width <> '1m'
    AND (b.basis = s.basis OR b.endpoint = 'costs')
  GROUP BY p.rowid, p.asked_until_at, p.covered_until_at
) AS found
WHERE
  open_pages.rowid = found.page_id
  AND (
    open_pages.is_continued <> found.is_continued
    OR open_pages.missing_until_at IS DISTINCT FROM found.missing_until_at
  )
