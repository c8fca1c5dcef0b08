"""The month's report as one HTML page: its headline, its charts, its template.

Reads the report's facts alone. Invariants: the page loads nothing from elsewhere; every text from
data is escaped; amounts come exact and are rounded only here, for the eye.
"""
