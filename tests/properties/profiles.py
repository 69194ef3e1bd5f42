"""How many examples: few and always the same ones in CI, many new ones in a thorough run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("TEST_PROPERTIES") == "thorough"
TIMES = 25  # how many more examples a thorough run tries
# What a test may take: many examples, or a failure that Hypothesis makes smaller for five minutes.
SECONDS = 1800 if THOROUGH else 400

settings.register_profile(
    "properties",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[*HealthCheck],
)
settings.register_profile(
    "properties-thorough",
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[*HealthCheck],
)
_PROFILE = settings.get_profile("properties-thorough" if THOROUGH else "properties")


def examples(number: int, *, steps: int = 50) -> settings:
    """Settings for so many examples in CI, and many more in a thorough run."""
    if THOROUGH:
        return settings(_PROFILE, max_examples=number * TIMES, stateful_step_count=steps * 2)
    return settings(_PROFILE, max_examples=number, stateful_step_count=steps)


@contextmanager
def rolled_back() -> Iterator[None]:
    """One example's rows, gone with it: the fixture ``db`` tidies up only after all of them."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)
