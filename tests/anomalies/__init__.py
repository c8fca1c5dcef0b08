"""Tests of anomalies; `python -m tests.anomalies.score` scores the rule against known truth."""
