"""The made-up organization, its sample and its API."""
