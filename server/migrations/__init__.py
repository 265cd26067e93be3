"""Alembic revisions, numbered, shipped with the package."""
