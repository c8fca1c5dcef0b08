"""The reports: the month (`month/`, `sections/`) and the explanation of one number (`explain/`).

Reads only the published snapshot, and never the database of the runs. Charts and tables are made
from exact decimals.
"""
