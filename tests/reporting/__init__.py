"""What a report promises."""
