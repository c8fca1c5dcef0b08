"""Tables of usage records as CSV or Parquet: columns by name, one record a row.

The same validation as for request logs applies; a row names its file and line.
"""
