-- row: the fullest minutes of one hour, project and model whose use is limited: of requests, of
-- tokens, and of each in hundredths of a percent of the limit that held. Of the days in peak_days.
CREATE TABLE minute_peaks (
  usage_date            DATE NOT NULL,
  started_at            TIMESTAMP NOT NULL,  -- of the hour, UTC
  project_id            VARCHAR NOT NULL,
  model                 VARCHAR NOT NULL,    -- as the limit names it
  requests              BIGINT NOT NULL,
  tokens                BIGINT NOT NULL,
  requests_basis_points BIGINT,              -- NULL: no such limit
  tokens_basis_points   BIGINT               -- NULL: no such limit
)
