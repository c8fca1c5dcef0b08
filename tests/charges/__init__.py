"""Charges."""
