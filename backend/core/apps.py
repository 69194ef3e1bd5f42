"""The kernel as a Django app: it brings management commands, no models."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Registers ``backend.core``."""

    name = "backend.core"
