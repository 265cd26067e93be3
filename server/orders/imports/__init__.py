"""Tickets from files: any layout of CSV through a mapping, streamed, wholly or not at all."""
