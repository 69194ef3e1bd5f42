"""Configuration of the service: environment, settings, URLs, servers. No behaviour lives here."""

__version__ = "0.1.0"
