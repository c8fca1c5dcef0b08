"""What the server that forks runs has imported and read already: they are killed at their work.

Nothing of what reads files: that starts threads when it is imported, which a fork does not have.
"""

from __future__ import annotations

import importlib

from pipeline.pricing import load

for _name in (
    "pandera.polars",
    "pipeline.runs.stages.charged_twice",
    "pipeline.runs.stages.evaluate",
    "pipeline.runs.stages.forecast",
    "pipeline.runs.stages.publish",
    "pipeline.runs.stages.rewritten_tables",
    "pyarrow.dataset",
    "tests.torture.child",
):
    importlib.import_module(_name)
load.load_book((), ())
