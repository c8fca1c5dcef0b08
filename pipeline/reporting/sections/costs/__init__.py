"""The sections on what was spent: by day, project, model and scope, changes, and what has no price.

Each ties to the month's total: its rows add up to it, or say what they leave out.
"""
