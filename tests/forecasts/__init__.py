"""Tests of pipeline/forecasts."""
