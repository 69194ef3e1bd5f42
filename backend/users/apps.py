"""The app of users."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class UsersConfig(AppConfig):
    """Registers ``backend.users``."""

    name = "backend.users"

    def ready(self) -> None:
        """Find what each app does to forget a person."""
        autodiscover_modules("erasures")
