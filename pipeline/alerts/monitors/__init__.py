"""Monitors: what is watched beside budgets, runs and jobs, and what is found.

Rate limits and the directory's policy by usage, sources by their newest record, actions by how they
stand. They decide nothing about messages.
"""
