"""`tollbook explain`: from a cell of a report to charge lines, prices, records, files and lines.

Reads only the published snapshot, and the one file whose line is asked for. Invariant: the parts of
an explanation add up to the number that it explains, to the last digit.
"""
