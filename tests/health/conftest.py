"""What tests of health share."""

import pytest
from django.utils import timezone
from pytest_django import Settings

from backend.health import probes


@pytest.fixture(autouse=True)
def _young(settings: Settings) -> None:
    """A service that has just started: nobody has served its queues yet, and nobody expects it."""
    settings.STARTED_AT = timezone.now()
    for probe in probes.EVERY.values():
        probe.forget()
