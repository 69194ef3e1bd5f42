"""The service: one package per noun; ``ARCHITECTURE.md`` has the map."""
