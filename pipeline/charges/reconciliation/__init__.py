"""Reconciliation: our charges against the provider's costs, each gap split into causes.

Owns the table `reconciliation`. Invariant: charges plus the causes of the gap are the costs, by
project, line item and UTC day, to the last digit.
"""
