"""Forecasts as readers see them: those of a day, stored or made for an instant, and their record.

Invariants: with an earlier instant nothing later is looked at, also not in the history of postings;
what is made here is printed and never stored.
"""
