-- row: the fullest minute of one hour, project and model whose use is limited: of requests, of
-- tokens, and of either in hundredths of a percent of the limit that held. Of the months that can
-- still be alerted about.
CREATE TABLE minute_peaks (
  usage_date         DATE NOT NULL,
  started_at         TIMESTAMP NOT NULL,  -- of the hour, UTC
  project_id         VARCHAR NOT NULL,
  model              VARCHAR NOT NULL,    -- as the limit names it
  requests           BIGINT NOT NULL,
  tokens             BIGINT NOT NULL,
  peak_basis_points  BIGINT,              -- NULL: no limit known
  counted_from       VARCHAR NOT NULL     -- minute_buckets, requests
)
