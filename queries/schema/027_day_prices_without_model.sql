-- row: as in 012; usage that a provider tells without its model is looked up, too.
ALTER TABLE day_prices ALTER COLUMN model DROP NOT NULL
