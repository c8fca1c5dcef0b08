"""What the price book promises."""
