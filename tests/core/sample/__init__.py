"""Migrations to try the command and its operations with; they stand in for those of ``health``."""
