"""This service and its peers, measured side by side: ``./just bench``."""
