"""Alerts: conditions in, transitions and messages out, delivered at least once.

Owns the tables of alerts, what was done about them, and their events. Invariants: one table of
transitions decides for all kinds; an alert is raised once, retracted where it turns out wrong, and
raised again under another id; what is to be sent is committed before it is sent (see `delivery`).
"""
