"""Tests of the true-up to the bill."""
