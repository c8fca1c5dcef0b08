"""What the product does not do yet, or does wrong: acts that are left out until it does.

The one place. The aim is an empty set: whoever mends one takes its name out and runs
`python -m tests.model --steps 2000`.
"""

from __future__ import annotations

KNOWN_FAULTS: frozenset[str] = frozenset()
