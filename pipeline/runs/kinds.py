"""Where the providers meet: the one table of what can be read, and of how bills are read."""

from __future__ import annotations

from pipeline.ledger.bill import Bills
from pipeline.providers.openai.line_items import BILL

BILLS: Bills = {"openai": BILL}
