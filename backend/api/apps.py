"""The app of the API's documents: templates, static files, the ``openapi`` command."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Registers ``backend.api``."""

    name = "backend.api"
