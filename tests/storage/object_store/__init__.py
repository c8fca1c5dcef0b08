"""The object store of a ledger."""
