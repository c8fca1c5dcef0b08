"""Tests of the made-up organization."""
