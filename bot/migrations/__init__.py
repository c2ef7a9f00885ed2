"""Alembic's migrations of the one database."""
