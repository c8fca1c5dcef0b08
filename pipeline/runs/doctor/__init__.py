"""`tollbook doctor`: everything that a run would need and how it stands.

Looks and changes nothing; shows no secret; each check stands alone, so that one that cannot be made
leaves the others. The order is that in which a run meets the things.
"""

from __future__ import annotations

from pipeline.runs.doctor.check import Check
from pipeline.runs.doctor.diagnose import diagnose, exit_code

__all__ = ["Check", "diagnose", "exit_code"]
