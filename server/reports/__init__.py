"""Views over everything: what waits today."""
