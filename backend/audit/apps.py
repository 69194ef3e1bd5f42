"""The app of security events."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers ``backend.audit``."""

    name = "backend.audit"
