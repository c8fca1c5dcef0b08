-- row: which models a project could use, while it was so.
-- engine: duckdb
-- view: Which models a project could use, while it was so; a project without a row could use all.
-- column project_id VARCHAR: Id of the project
-- column mode VARCHAR: allow_list or deny_list
-- column model_ids VARCHAR[]: Ids of the models that are allowed or denied
-- column valid_from_at TIMESTAMP: Since when it was so, UTC; NULL: from the beginning
-- column valid_to_at TIMESTAMP: Until when it was so (exclusive), UTC; NULL: it is so now
-- column source VARCHAR: The source, as the configuration names it; (file): a file of the
--   directory
SELECT
  project_id, mode, model_ids, nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at,
  valid_to_at, source
FROM stored.model_permissions
