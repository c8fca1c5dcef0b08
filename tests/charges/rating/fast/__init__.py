"""Tests of rating with a number for each text."""
