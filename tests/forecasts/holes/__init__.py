"""Tests of pipeline/forecasts/holes."""
