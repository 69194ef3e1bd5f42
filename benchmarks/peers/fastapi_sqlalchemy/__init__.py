"""FastAPI with SQLAlchemy's async sessions."""
