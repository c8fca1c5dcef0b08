"""The constants of the rule, in one place. They were measured; none is tuned to one organization.

Ratios and z values have no unit; amounts are US dollars a day.
"""

from __future__ import annotations

WEEKS = 8  # of the same weekday that make a baseline
HISTORY = WEEKS * 7
WINDOW = 120  # days that judging one day looks back on: eight weeks twice, and three month ends
LEVEL_DAYS = 10  # days that say how far the level has moved from the baseline
LEVEL_LEAST, LEVEL_MOST = 0.5, 2.0
SMOOTHING = 0.05  # of the mean day, added above and below a ratio
MAD_TO_SPREAD = 1.4826

SPREAD_LEAST = 0.15
SURGE_Z = 5.0
SURGE_RATIO = 2.0
SURGE_RATIO_NEXT_DAY = 1.8  # on the day after a surge
ABOVE_LARGEST = 1.25  # times the largest ratio of the last eight weeks, edges of months left out
MONTHS_OF_EDGES = 3  # first and last days of months that such a day has to exceed
EDGE_MOVES = 2  # days by which a monthly job may miss the edge; there edges are not left out

REGULAR_SHARE = 0.6  # of days with cost; a series with fewer is one of now and then
RARE_RATIO = 3.0  # times its largest day of eight weeks
RARE_GATE = 5.0  # times the dollar gate
RARE_LEAST_DAYS = 8  # with cost

UNIT_COST_DAYS = 28
UNIT_COST_RATIO = 1.3
UNIT_COST_Z = 5.5
UNIT_COST_SPREAD_LEAST = 0.05

PRICE_RATIO = 1.1  # of a request's cost, in most projects with the model

SILENCE_RATIO = 0.15
SILENCE_WEEKS = 3  # in which the same weekday has to have held
HELD_RATIO = 0.5  # of the baseline, at least
SILENCE_REGULAR_SHARE = 0.7
WIDE_DIP_RATIO = 0.7  # median project of a day on which no project is called silent
OFFICE_RATIO = 0.6  # of weekends to weekdays: projects that rest together on holidays
WIDE_LEAST_PROJECTS = 3  # that make a dip or a price change one of the organization

SURGE_GATE_USD, SURGE_GATE_SHARE = 10.0, 0.02  # of the organization's median day
SILENCE_GATE_USD, SILENCE_GATE_SHARE = 5.0, 0.01
GATE_DAYS = 28

FIRST_HISTORY = 28  # days of a new series that are not judged
RARE_HISTORY = 56
NEW_LEVEL_AFTER = 7  # days of one incident
LEVEL_HISTORY = 14  # days of a new level that are not judged
GAP = 1  # day without a finding inside one incident
QUIET_RATIO = 0.1  # of the mean day: where less is expected, a day without a finding is no gap
OVER_AFTER = 3  # days without a finding, and an incident is over
DRIVER_DAYS = 7  # before an incident, with which its days are compared
CACHE_LEFT = 0.5  # of the cached share: with less, the cache was lost
CACHE_LEAST = 0.05  # cached share that can be lost
