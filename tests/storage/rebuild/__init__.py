"""Tests of keeping the database once more, and of making it again."""
