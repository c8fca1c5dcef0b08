-- row: one minute in which a project used one model of a provider, as its rate limit names it, and that limit.
-- From minute buckets on the UTC days on which they have the project and its models, else from
-- request-level records. Without Batch API use, which has limits of its own.
-- A limit is looked up for the model as recorded, then without the date at the end of its id, then
-- by the alias table; a fine-tuned model never takes its base's limit. Before the first limit that
-- is known of a project and model, that one stands in.
-- engine: duckdb
-- view: One minute in which a project used a model, beside the rate limit that held then; without
--   Batch API use.
-- column usage_date DATE: UTC day of the minute
-- column started_at TIMESTAMP: Beginning of the minute, UTC
-- column project_id VARCHAR: Id of the project
-- column model VARCHAR: Model as its rate limit names it; as recorded where no limit is known
-- column requests BIGINT: Requests of the minute
-- column tokens BIGINT: Tokens of the minute, input and output
-- column max_requests_per_1_minute BIGINT: Limit of requests that held; NULL: none is known
-- column max_tokens_per_1_minute BIGINT: Limit of tokens that held; NULL: none is known
-- column requests_basis_points BIGINT: Requests in hundredths of a percent of their limit, rounded
--   down
-- column tokens_basis_points BIGINT: Tokens in hundredths of a percent of their limit, rounded down
-- column counted_from VARCHAR: minute_buckets or requests: where the counts come from
-- column provider VARCHAR: Provider of the model
WITH bucket_minutes AS (
  SELECT
    provider, usage_date, started_at, project_id, model,
    sum(requests) AS requests, sum(input_tokens + output_tokens) AS tokens
  FROM {{ minute_files }}
  WHERE
    scope = 'models' AND project_id IS NOT NULL AND model IS NOT NULL AND is_batch IS NOT TRUE
  GROUP BY provider, usage_date, started_at, project_id, model
),

request_minutes AS (
  SELECT
    provider, usage_date, date_trunc('minute', started_at) AS started_at, project_id, model,
    sum(requests) AS requests,
    sum({{ (input_meters + output_meters) | join(' + ') }}) AS tokens
  FROM {{ usage_files }}
  WHERE
    ended_at IS NULL AND scope = 'models' AND project_id IS NOT NULL AND model IS NOT NULL
    AND is_batch IS NOT TRUE AND service_tier IS DISTINCT FROM 'batch'
  GROUP BY provider, usage_date, date_trunc('minute', started_at), project_id, model
),

bucket_days AS (
  SELECT DISTINCT provider, usage_date, project_id
  FROM {{ minute_files }}
  WHERE scope = 'models' AND project_id IS NOT NULL AND model IS NOT NULL
),

counted AS (
  SELECT
    provider, usage_date, started_at, project_id, model, requests, tokens,
    'minute_buckets' AS counted_from
  FROM bucket_minutes
  UNION ALL
  SELECT
    r.provider, r.usage_date, r.started_at, r.project_id, r.model, r.requests, r.tokens,
    'requests' AS counted_from
  FROM request_minutes AS r
  LEFT JOIN bucket_days AS b
    ON b.provider = r.provider AND b.usage_date = r.usage_date AND b.project_id = r.project_id
  WHERE b.project_id IS NULL
),

named AS (
  SELECT
    provider, usage_date, started_at, project_id, model, requests, tokens, counted_from,
    CASE
      WHEN model LIKE 'ft:%' THEN 'ft:' || split_part(model, ':', 2)
      ELSE regexp_replace(model, '-(\d{4}-\d{2}-\d{2}|(0[1-9]|1[0-2])([0-2]\d|3[01]))$', '')
    END AS second_name
  FROM counted
),

limited AS (
  SELECT DISTINCT provider, project_id, model
  FROM {{ stored }}rate_limits
),

aliased AS (
  SELECT
    n.provider, n.usage_date, n.started_at, n.project_id, n.model, n.second_name, n.requests,
    n.tokens, n.counted_from,
    coalesce(own.model, common.model) AS third_name
  FROM named AS n
  LEFT JOIN {{ stored }}model_aliases AS own
    ON own.alias = CASE WHEN n.model LIKE 'ft:%' THEN n.second_name ELSE n.model END
    AND own.provider = n.provider
    AND (own.valid_from_at IS NULL OR own.valid_from_at <= n.started_at)
    AND (own.valid_to_at IS NULL OR own.valid_to_at > n.started_at)
  LEFT JOIN {{ stored }}model_aliases AS common
    ON common.alias = CASE WHEN n.model LIKE 'ft:%' THEN n.second_name ELSE n.model END
    AND common.provider IS NULL
    AND (common.valid_from_at IS NULL OR common.valid_from_at <= n.started_at)
    AND (common.valid_to_at IS NULL OR common.valid_to_at > n.started_at)
),

known AS (
  SELECT
    n.provider, n.usage_date, n.started_at, n.project_id, n.requests, n.tokens, n.counted_from,
    CASE
      WHEN l1.model IS NOT NULL THEN n.model
      WHEN l2.model IS NOT NULL THEN n.second_name
      WHEN l3.model IS NOT NULL THEN n.third_name
      ELSE n.model
    END AS model
  FROM aliased AS n
  LEFT JOIN limited AS l1
    ON l1.provider = n.provider AND l1.project_id = n.project_id AND l1.model = n.model
  LEFT JOIN limited AS l2
    ON l2.provider = n.provider AND l2.project_id = n.project_id AND l2.model = n.second_name
  LEFT JOIN limited AS l3
    ON l3.provider = n.provider AND l3.project_id = n.project_id AND l3.model = n.third_name
),

used AS (
  SELECT
    provider, usage_date, started_at, project_id, model, counted_from,
    CAST(sum(requests) AS BIGINT) AS requests,
    CAST(sum(tokens) AS BIGINT) AS tokens
  FROM known
  GROUP BY provider, usage_date, started_at, project_id, model, counted_from
),

limits AS (
  SELECT
    provider, project_id, model, max_requests_per_1_minute, max_tokens_per_1_minute,
    CASE
      WHEN row_number() OVER (PARTITION BY provider, project_id, model ORDER BY valid_from_at) = 1
        THEN TIMESTAMP '1970-01-01'
      ELSE valid_from_at
    END AS starts_at,
    valid_to_at
  FROM {{ stored }}rate_limits
),

held AS (
  SELECT
    u.provider, u.usage_date, u.started_at, u.project_id, u.model, u.counted_from, u.requests,
    u.tokens,
    max(l.max_requests_per_1_minute) AS max_requests_per_1_minute,
    max(l.max_tokens_per_1_minute) AS max_tokens_per_1_minute
  FROM used AS u
  LEFT JOIN limits AS l
    ON l.provider = u.provider AND l.project_id = u.project_id AND l.model = u.model
    AND l.starts_at <= u.started_at AND (l.valid_to_at IS NULL OR l.valid_to_at > u.started_at)
  GROUP BY
    u.provider, u.usage_date, u.started_at, u.project_id, u.model, u.counted_from, u.requests,
    u.tokens
)

SELECT
  usage_date, started_at, project_id, model, requests, tokens, max_requests_per_1_minute,
  max_tokens_per_1_minute,
  -- a limit of 0 blocks at once: any use has reached it
  CAST(CASE
    WHEN max_requests_per_1_minute = 0 THEN CASE WHEN requests > 0 THEN 10000 ELSE 0 END
    ELSE CAST(requests AS HUGEINT) * 10000 // max_requests_per_1_minute
  END AS BIGINT) AS requests_basis_points,
  CAST(CASE
    WHEN max_tokens_per_1_minute = 0 THEN CASE WHEN tokens > 0 THEN 10000 ELSE 0 END
    ELSE CAST(tokens AS HUGEINT) * 10000 // max_tokens_per_1_minute
  END AS BIGINT) AS tokens_basis_points,
  counted_from,
  provider
FROM held
