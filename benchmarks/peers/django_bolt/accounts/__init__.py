"""Users and their operations."""
