-- row: exactly one: the first and last day that has usage, up to the end of a month, and in it.
SELECT
  min(charge_date) AS first_charge_date,
  max(charge_date) FILTER (WHERE charge_date < $until) AS last_charge_date,
  max(charge_date) FILTER (WHERE charge_date >= $since AND charge_date < $until)
    AS last_charge_date_of_month
FROM daily_costs
