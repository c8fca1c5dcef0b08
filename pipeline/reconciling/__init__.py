"""Our charges against the provider's costs: compared, the gaps split into causes, stored."""

from __future__ import annotations

from pipeline.reconciling.comparing import Scope, compare, reconcile
from pipeline.reconciling.facts import CAUSES, Charged, Costed, Day, Line

__all__ = ["CAUSES", "Charged", "Costed", "Day", "Line", "Scope", "compare", "reconcile"]
