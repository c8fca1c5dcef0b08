"""Tests of pipeline/published/forecasts."""
