"""Reports: from the published books to one HTML file and a CSV that a finance reader trusts."""

from __future__ import annotations

from pipeline.reporting.writing import WrittenReport, write_report

__all__ = ["WrittenReport", "write_report"]
