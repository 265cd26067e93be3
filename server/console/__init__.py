"""HTML for staff."""
