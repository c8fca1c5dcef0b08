"""Alerts: conditions in, transitions and messages out, delivered at least once.

Owns the tables of alerts, messages and deliveries. Invariants: one table of transitions decides for
all kinds; an alert is raised once, and retracted where it turns out wrong; what is to be sent is
committed before it is sent, and a repeat carries the same `alert_id`.
"""
