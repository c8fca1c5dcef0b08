"""Reports: from the published views to HTML, CSV and text."""
