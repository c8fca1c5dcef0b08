"""The directory of OpenAI."""
