"""A made-up organization to try tollbook on, and the sample that `tollbook demo` runs on."""
