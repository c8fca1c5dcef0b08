"""Forecasts: what a project, a budget or the organization will have spent at the end of a period.

Daily costs in, a point with intervals out. Invariants: floats stay in this package, and results
are rounded to Decimal once; nothing later than the instant of a forecast is looked at; an estimate
never flows back into a charge; a forecast is stored when it is made and not changed afterwards.
"""
