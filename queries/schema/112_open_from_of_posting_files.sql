-- row: one file of charge postings; open_from_date: all days before were closed when it was posted
-- (NULL: none was), so what it has of them is booked in the month of this day.
ALTER TABLE posting_files ADD COLUMN IF NOT EXISTS open_from_date DATE
