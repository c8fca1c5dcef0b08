"""Budgets: plans and current charges in, one status row for each budget and period out.

A period is a value (`period.Period`: start, end, calendar, label), and only calendars make one.
Status is computed anew by every run, never kept in a counter. An ended period keeps the plan that
it ended with, so that a budget changed in November does not move October. Nothing here alerts.
"""
