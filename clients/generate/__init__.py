"""Generators: from the committed document to a client."""
