-- row: one alert: open, acknowledged, escalated, resolved or retracted.
-- engine: duckdb
-- view: One alert: open, acknowledged, escalated, resolved or retracted.
-- column alert_id VARCHAR: Id of the alert; a repeated delivery carries the same, one that is raised
--   again after it was taken back has a number behind it
-- column raised_at TIMESTAMP: When it was last raised, UTC
-- column kind VARCHAR: What it is about: budget, run, schedule, rate_limit, policy, source, action or
--   anomaly
-- column subject_id VARCHAR: The budget (of an action, too), the run, the job, the source; project and
--   model of a rate limit; kind, project and subject of a policy finding; the incident of an anomaly
-- column period_start_date DATE: First day of the period it is about; NULL where none is meant
-- column threshold_percent INTEGER: Percentage that was passed; NULL where none is meant
-- column threshold_usd DECIMAL(38,24): Amount that was passed, USD; NULL where a percentage or none
--   is meant
-- column severity VARCHAR: info, warning or critical
-- column message VARCHAR: What the last message said about it
-- column state VARCHAR: open, acknowledged, escalated, resolved or retracted
-- column delivery VARCHAR: to send, sent, printed (there was no channel), not delivered (a channel
--   did not accept it until it was given up) or not sent (its period
--   had ended)
-- column delivered_at TIMESTAMP: When every channel had it, UTC; NULL: not yet, or there was no
--   channel
-- column resolved_at TIMESTAMP: When it was resolved or taken back, UTC
-- column acknowledged_at TIMESTAMP: When somebody acknowledged it, UTC; NULL: nobody did
-- column acknowledged_by VARCHAR: Who acknowledged it
-- column escalated_at TIMESTAMP: When it was escalated, UTC; NULL: it was not
-- column no_data_since_at TIMESTAMP: Since when it is not known how it stands, UTC; NULL: it is known
SELECT
  alert_id, raised_at, kind, subject_id, period_start_date, threshold_percent, threshold_usd,
  severity, message, state, delivery, delivered_at, resolved_at, followups.acknowledged_at,
  followups.acknowledged_by, followups.escalated_at, followups.no_data_since_at
FROM stored.alerts
LEFT JOIN stored.alert_followups AS followups USING (alert_id)
