"""The directory of the fake: projects, people, service accounts, keys, limits, as lists."""
