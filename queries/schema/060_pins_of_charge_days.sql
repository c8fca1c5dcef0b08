-- row: the state of one UTC day; pinned: its book stays, whatever --now a later run is given.
ALTER TABLE charge_days ADD COLUMN is_pinned BOOLEAN DEFAULT false
