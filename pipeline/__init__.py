"""tollbook: what an organization's use of model APIs cost, and whether that was within budget."""

__version__ = "0.2.0"
