"""The app of sessions."""

from django.apps import AppConfig


class AuthenticationConfig(AppConfig):
    """Registers ``backend.authentication``; ``auth`` is taken by Django."""

    name = "backend.authentication"
