"""Litestar with SQLAlchemy's async sessions."""
