"""Medians of what is known: NaN stands for what is not. Quick for many short rows."""

from __future__ import annotations

import numpy as np

from pipeline.forecasts.series import Floats


def median(values: Floats, axis: int) -> Floats:
    """The median along an axis without NaN; NaN where everything is."""
    ordered = np.sort(values, axis=axis)  # NaN comes last
    number = np.isfinite(values).sum(axis=axis, keepdims=True)
    lower = np.take_along_axis(ordered, np.maximum(number - 1, 0) // 2, axis=axis)
    upper = np.take_along_axis(ordered, np.minimum(number // 2, values.shape[axis] - 1), axis=axis)
    found: Floats = ((lower + upper) / 2).squeeze(axis)
    return found
