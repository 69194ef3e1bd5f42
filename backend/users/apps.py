"""The app of users."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Registers ``backend.users``."""

    name = "backend.users"
