"""The app of idempotency keys."""

from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    """Registers ``backend.idempotency``."""

    name = "backend.idempotency"
