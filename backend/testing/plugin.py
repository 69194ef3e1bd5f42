"""The pytest plugin: ``-p backend.testing.plugin`` among pytest's options.

It loads before Django is set up, hence imports nothing of Django. The fixtures follow once every
plugin is there: among plugins the last to come wins, and ``client`` is pytest-django's name too.
"""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Bring the fixtures."""
    config.pluginmanager.import_plugin("backend.testing.fixtures")
