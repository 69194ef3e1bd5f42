"""Examples take longer than a test may, when one of them fails or when there are many."""

from pathlib import Path

import pytest

from tests.properties import profiles

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that their examples need."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(profiles.SECONDS))
