"""Pages of the usage and costs endpoints, fetched or saved by hand, as bucket records and costs.

Each token lands in exactly one meter, whatever the page counts twice.
"""
