"""Tests of reading files elsewhere than in the run's process."""
