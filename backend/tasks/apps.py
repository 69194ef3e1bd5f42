"""The app of background work."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TasksConfig(AppConfig):
    """Registers ``backend.tasks``, and every app's modules ``tasks`` and ``purges``."""

    name = "backend.tasks"

    def ready(self) -> None:
        """Find the tasks of all apps, so that a worker knows them by name."""
        autodiscover_modules("tasks", "purges")
