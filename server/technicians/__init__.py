"""Technicians: who they are, what they can do, when they work, and how their telephones log in."""
