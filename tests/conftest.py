"""What holds for all tests."""

from hypothesis import settings

# No test is a stopwatch: a slow machine is no defect.
settings.register_profile("tollbook", deadline=None)
settings.load_profile("tollbook")
