"""What a source module must know beside the raw file: whose it is, how it counts, the clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.records import Basis


@dataclass(frozen=True, slots=True)
class Context:
    """The facts that every record of one file shares. Times are naive UTC."""

    organization_id: str  # of rows that name none
    source: str  # the source's name in the configuration
    provider: str
    basis: Basis
    zone: ZoneInfo  # the organization's, for `charge_date`
    recorded_at: datetime  # when this run took the rows in
    now: datetime  # the business clock: nothing later than a day from it is plausible
    input_file: str  # as shown to people; the path that is read may be a decompressed copy
