"""Where contenders run: the environment of each, with a database of its own, gone afterwards."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from benchmarks import databases
from benchmarks.contenders import Contender, Environment


@contextmanager
def shared(redis: str) -> Iterator[Environment]:
    """What is the same for all; the keys in Redis go when the block ends."""
    with databases.key_prefix(redis) as prefix:
        yield {
            "PATH": os.environ["PATH"],
            "REDIS_URL": redis,
            "TASKS_REDIS_URL": redis,  # nobody runs tasks
            "TEST_KEY_PREFIX": prefix,
            "JWT_KEY": prefix + "0123456789abcdef" * 2,
        }


@contextmanager
def filled(contenders: list[Contender], redis: str) -> Iterator[dict[str, Environment]]:
    """The environment of each contender, its database filled, until the block ends."""
    first = {contender.schema: contender for contender in reversed(contenders)}
    with ExitStack() as stack:
        common, server = stack.enter_context(shared(redis)), databases.server()
        schemas = {name: stack.enter_context(databases.database(server)) for name in first}
        places: dict[str, Environment] = {
            one.name: {**common, **schemas[one.schema], **one.variables} for one in contenders
        }
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda one: one.prepare(places[one.name]), first.values()))
        yield places
