"""Anomalies: days on which a project cost far more or less than usual, as incidents with a driver.

Owns the judged days, their findings, the incidents and what people said of them. Invariants: a day
is judged by what was before it only, once, and again only where its data changed; an incident keeps
its id; floats stay in this package and become Decimal when stored; an estimate never flows back
into a charge.
"""
