"""The app of probes."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    """Registers ``backend.health``."""

    name = "backend.health"
