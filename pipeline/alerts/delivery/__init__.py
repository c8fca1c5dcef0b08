"""Delivery: pending messages in, tries and their outcomes out.

Owns the tables of messages, deliveries and retries. Invariants: what is to be sent is committed
before it is sent; each try is recorded when it ends; a repeat carries the same idempotency key; a
channel that accepts nothing costs a run a few timeouts at most.
"""
