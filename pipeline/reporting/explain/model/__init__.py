"""The facts of an explanation: exact numbers and places, no words and no layout."""
