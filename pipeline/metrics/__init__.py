"""Figures for Prometheus: read off what is published, written to one file for its collector.

A figure that is not known now is NaN, never the one of before. The number of series is bounded:
the largest projects and budgets have their own, the rest is one.
"""
