"""The constants of the forecast, in one place. Measured once; they are not tuned to a data set."""

from __future__ import annotations

# How much history is looked at, and how old it may be.
READ_DAYS = 800  # older days are not read: the cost of a run does not grow with them
WINDOW_DAYS = 182
HALF_LIFE_DAYS = 7  # launches and price changes make older days wrong
WEEKDAY_WEEKS = 12  # weekday index, and the medians that a day is capped by
TRAILING_DAYS = 3  # so many days at the end without any cost may just not have come yet

# Month-end jobs: a day counts as one where its excess is beyond the mean of the days before.
JOB_MEAN_DAYS = 28
JOB_WEEKS = 4  # the same weekdays before it, whose median is the usual cost
JOB_SHARE = 1.2
JOB_MONTHS = 3  # looked at
JOB_HITS = 2  # of them, at least

# A day counts at most the greater of these, so that a surge does not echo.
CAP_TIMES_MEDIAN = 3.0
CAP_QUANTILE = 0.9
RECENT_LEVEL_DAYS = 14  # whose median raises the cap of a series that grows quickly

# Too little history.
LEAST_DAYS = 14  # with cost so far
RECENT_DAYS = 56
LEAST_RECENT_DAYS = 8  # of the recent ones, with cost
TWO_MONTH_ENDS_DAYS = 62  # before, no month-end job can have been seen twice
METHOD_FROM_DAYS = 42  # before, the mean of the last week
SHORT_MEAN_DAYS = 7

# Intervals from past errors of sums.
POOL_MONTHS = 6  # the same day of so many past months
POOL_WINDOWS = 24  # of other periods: windows of the same length, one a week
LEAST_SCORES = 30  # fewer give no interval
CLASSES = 3  # of volatility
LEAST_OF_A_CLASS = 40  # fewer are pooled with the others
MEAN_DAYS = 28
VOLATILITY_WEEKS = 8
SCALE_SHARE = 0.02
SCALE_USD = 0.01
OWN_EVERY_DAYS = 3
OWN_WITHIN_DAYS = 200
OWN_WIDER = 1.5  # the windows overlap, and are few
MOST_FILLED = 0.1  # of a past sum; with more that a source lacks it tells no error
LEVELS = (80, 95)

# What may be said about a budget.
LEAST_PROBABILITY = 10  # percent; below it "< 10 %", and above 90 likewise
CROSSING_FROM = 50  # percent; below it no day is named

# The track record that is filled in for the past.
RECORD_MONTHS = 12
RECORD_DAYS = (5, 10, 15, 20, 25)  # of a month that are known
