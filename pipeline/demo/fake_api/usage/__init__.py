"""Usage and costs of the fake: what was counted and what is billed, in time buckets."""
