"""The sections of the month's report, one module each; those on what was spent are in costs/.

A section is a query (`queries/reporting/NAME.sql`), a module here whose `read` gives frozen facts,
a template (`reports/sections/NAME.html.j2`), and a line in `pipeline.reporting.month.gather`. It
knows no other section.
"""
