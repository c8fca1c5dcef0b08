-- row: one UTC day whose minute_peaks are as its minutes are; a day that is missing is looked at
-- by the next run.
CREATE TABLE peak_days (
  usage_date DATE PRIMARY KEY
)
