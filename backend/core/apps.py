"""The kernel as a Django app: it brings management commands, no models."""

from django.apps import AppConfig
from django.conf import settings
from django.core.signals import request_finished

from backend.core.telemetry import sampling


class CoreConfig(AppConfig):
    """Registers ``backend.core``."""

    name = "backend.core"

    def ready(self) -> None:
        """Set up what is only there where it is configured: metrics, the reports of errors."""
        if settings.METRICS_TOKEN:
            request_finished.connect(sampling.sample)
        if settings.SENTRY_DSN:
            from backend.core.telemetry import error_tracking  # noqa: PLC0415  (the library is large)

            error_tracking.start()
