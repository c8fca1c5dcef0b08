-- question: How close to their rate limits do projects come, and which limits are far too high?
-- row: one project and model (as its limit is named) of a provider, over covered minutes, the fullest first.
--      requests and tokens are those of one minute, tokens input and output; a covered minute
--      without use counts as zero. p50 and p95 are nearest-rank. Basis points: 10000 is the limit.
--      state: saturated (a limit was reached), near (near_percent of one was), oversized (never
--      above a tenth, over 14 days or more), ok, no limit known.
--      saturation_date: where a straight line through the daily peaks meets the limit; NULL where
--      it falls or is flat, has fewer than 7 days, is a year away or more, or was reached.
-- ties: hours_near counts hours of rate_limit_minutes with a minute at near_percent or more.
-- parameter: since DATE default last_day-29, first day (UTC, as all days here)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- parameter: near_percent BIGINT default 80, what counts as near a limit
-- parameter: top BIGINT default 50, how many rows at most
-- engine: duckdb
WITH used AS (
  SELECT
    provider, usage_date, started_at, project_id, model, requests, tokens, max_requests_per_1_minute,
    max_tokens_per_1_minute, counted_from, requests_basis_points, tokens_basis_points,
    -- NULL only where neither limit is known
    greatest(requests_basis_points, tokens_basis_points) AS basis_points
  FROM rate_limit_minutes
  WHERE
    usage_date >= $since
    AND usage_date < $until
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
),

known_of AS (
  SELECT provider, project_id, usage_date, min(counted_from) AS counted_from
  FROM used
  GROUP BY provider, project_id, usage_date
),

projects_used AS (
  SELECT DISTINCT provider, project_id
  FROM known_of
),

covered_days AS (
  SELECT
    p.provider, p.project_id, c.usage_date,
    CASE
      WHEN t.counted_from = 'requests' THEN c.request_minutes
      WHEN c.bucket_minutes > 0 THEN c.bucket_minutes
      ELSE c.request_minutes
    END AS minutes
  FROM projects_used AS p
  INNER JOIN rate_limit_coverage AS c ON c.provider = p.provider
  LEFT JOIN known_of AS t
    ON t.provider = p.provider AND t.project_id = p.project_id AND t.usage_date = c.usage_date
  WHERE c.usage_date >= $since AND c.usage_date < $until
),

covered AS (
  SELECT
    provider, project_id, CAST(sum(minutes) AS BIGINT) AS covered_minutes,
    count(*) AS covered_days
  FROM covered_days
  WHERE minutes > 0
  GROUP BY provider, project_id
),

ranked AS (
  SELECT
    u.provider, u.usage_date, u.started_at, u.project_id, u.model, u.requests, u.tokens,
    u.max_requests_per_1_minute, u.max_tokens_per_1_minute, u.counted_from, u.basis_points,
    u.requests_basis_points, u.tokens_basis_points,
    greatest(
      c.covered_minutes, count(*) OVER (PARTITION BY u.provider, u.project_id, u.model)
    ) AS covered_minutes,
    c.covered_days,
    row_number() OVER (
      PARTITION BY u.provider, u.project_id, u.model ORDER BY u.requests
    ) AS requests_place,
    row_number() OVER (
      PARTITION BY u.provider, u.project_id, u.model ORDER BY u.tokens
    ) AS tokens_place,
    -- minutes without use come before all of these, as zeros
    greatest(
      c.covered_minutes - count(*) OVER (PARTITION BY u.provider, u.project_id, u.model), 0
    ) AS idle_minutes
  FROM used AS u
  INNER JOIN covered AS c ON c.provider = u.provider AND c.project_id = u.project_id
),

summed AS (
  SELECT
    provider, project_id, model,
    max(covered_days) AS covered_days,
    max(covered_minutes) AS covered_minutes,
    count(*) AS used_minutes,
    coalesce(max(requests) FILTER (
      WHERE requests_place = (covered_minutes * 50 + 99) // 100 - idle_minutes
    ), 0) AS p50_requests,
    coalesce(max(requests) FILTER (
      WHERE requests_place = (covered_minutes * 95 + 99) // 100 - idle_minutes
    ), 0) AS p95_requests,
    max(requests) AS max_requests,
    coalesce(max(tokens) FILTER (
      WHERE tokens_place = (covered_minutes * 50 + 99) // 100 - idle_minutes
    ), 0) AS p50_tokens,
    coalesce(max(tokens) FILTER (
      WHERE tokens_place = (covered_minutes * 95 + 99) // 100 - idle_minutes
    ), 0) AS p95_tokens,
    max(tokens) AS max_tokens,
    max_by(max_requests_per_1_minute, started_at) AS requests_limit,
    max_by(max_tokens_per_1_minute, started_at) AS tokens_limit,
    max(requests_basis_points) AS requests_peak_basis_points,
    max(tokens_basis_points) AS tokens_peak_basis_points,
    max(basis_points) AS peak_basis_points,
    count(DISTINCT date_trunc('hour', started_at))
      FILTER (WHERE basis_points >= CAST($near_percent AS BIGINT) * 100) AS hours_near,
    string_agg(DISTINCT counted_from, ', ' ORDER BY counted_from) AS counted_from
  FROM ranked
  GROUP BY provider, project_id, model
),

daily_peaks AS (
  SELECT
    s.provider, s.project_id, s.model, d.usage_date,
    CAST(d.usage_date - CAST($since AS DATE) AS HUGEINT) AS x,
    CAST(coalesce(max(u.basis_points), 0) AS HUGEINT) AS y
  FROM summed AS s
  INNER JOIN covered_days AS d
    ON d.provider = s.provider AND d.project_id = s.project_id AND d.minutes > 0
  LEFT JOIN used AS u
    ON u.provider = s.provider AND u.project_id = s.project_id AND u.model = s.model
    AND u.usage_date = d.usage_date
  WHERE s.peak_basis_points < 10000
  GROUP BY s.provider, s.project_id, s.model, d.usage_date
),

-- least squares in integers, so that no order of rows can move a date
sums AS (
  SELECT
    provider, project_id, model, max(x) AS last_x, count(*) AS n, sum(y) AS sum_y, sum(x) AS sum_x,
    count(*) * sum(x * y) - sum(x) * sum(y) AS rise,
    count(*) * sum(x * x) - sum(x) * sum(x) AS run
  FROM daily_peaks
  GROUP BY provider, project_id, model
),

trends AS (
  SELECT
    provider, project_id, model,
    -- the first day at or after the one on which the line meets 10000
    greatest(
      last_x + 1,
      (10000 * n * run - sum_y * run + rise * sum_x + n * rise - 1) // (n * rise)
    ) AS meets_x,
    last_x
  FROM sums
  WHERE n >= 7 AND rise > 0
)

SELECT
  s.project_id,
  p.project_name,
  s.model,
  CASE
    WHEN s.peak_basis_points IS NULL THEN 'no limit known'
    WHEN s.peak_basis_points >= 10000 THEN 'saturated'
    WHEN s.peak_basis_points >= CAST($near_percent AS BIGINT) * 100 THEN 'near'
    WHEN s.peak_basis_points <= 1000 AND s.covered_days >= 14 THEN 'oversized'
    ELSE 'ok'
  END AS state,
  s.p50_requests,
  s.p95_requests,
  s.max_requests,
  s.requests_limit,
  s.requests_peak_basis_points,
  s.p50_tokens,
  s.p95_tokens,
  s.max_tokens,
  s.tokens_limit,
  s.tokens_peak_basis_points,
  s.peak_basis_points,
  s.hours_near,
  CASE
    WHEN t.meets_x - t.last_x < 366 THEN CAST($since AS DATE) + CAST(t.meets_x AS INTEGER)
  END AS saturation_date,
  s.covered_days,
  s.covered_minutes,
  s.used_minutes,
  s.counted_from,
  s.provider
FROM summed AS s
LEFT JOIN trends AS t
  ON t.provider = s.provider AND t.project_id = s.project_id AND t.model = s.model
LEFT JOIN projects AS p ON p.project_id = s.project_id
ORDER BY s.peak_basis_points DESC NULLS LAST, s.hours_near DESC, s.project_id, s.model, s.provider
LIMIT $top
