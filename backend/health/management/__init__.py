"""Commands of the health app."""
