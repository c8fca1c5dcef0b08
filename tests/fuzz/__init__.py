"""Every parser of what others wrote, against made-up and mutated input: see `parsers`."""
