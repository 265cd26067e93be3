"""Tickets and visits: from report to completion card."""
