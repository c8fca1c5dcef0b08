-- row: what somebody said of an incident; the last one counts. Never deleted.
CREATE TABLE IF NOT EXISTS anomaly_labels (
  incident_id VARCHAR NOT NULL,
  label       VARCHAR NOT NULL,   -- expected, unexpected
  reason      VARCHAR NOT NULL,
  labelled_by VARCHAR NOT NULL,
  labelled_at TIMESTAMP NOT NULL  -- UTC
)
