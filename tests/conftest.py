"""What holds for all tests."""

import structlog
from hypothesis import settings

# No test is a stopwatch: a slow machine is no defect.
settings.register_profile("tollbook", deadline=None)
settings.load_profile("tollbook")


def pytest_runtest_setup() -> None:
    """A command called in this process sets up its own log; the next test does not inherit it."""
    structlog.reset_defaults()
