-- row: as before; team is the team that the alert is about; NULL: no single one.
ALTER TABLE alert_followups ADD COLUMN IF NOT EXISTS team VARCHAR
