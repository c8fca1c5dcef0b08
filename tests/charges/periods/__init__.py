"""Tests of month close: the order of months, and corrections."""
