"""Dramatiq, behind one door: it carries ids of tasks to workers, and their threads run them.

Redis where ``TASKS_REDIS_URL`` names one; otherwise a queue in this process's memory. Nothing
depends on a message to arrive: the relay sends another.
"""

from functools import cache
from uuid import UUID

import redis
from django.conf import settings
from django.db import connections
from dramatiq import Actor, Broker, Message, Worker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import TimeLimit
from redis.backoff import NoBackoff
from redis.retry import Retry

from backend.core import breaker
from backend.tasks import canaries, execution, registry

SENDING_SECONDS = 0.05  # a request waits no longer for a broker that is away
CONSUMING_SECONDS = 2.0
IDLE_MILLISECONDS = 250
# A worker that is silent for so long is dead, and what it had fetched goes back into its queue.
HEARTBEAT_MILLISECONDS = 5_000
MAINTENANCE_PER_MILLION = 50_000
MOST_IN_FLIGHT = 1_000

_RUN, _CANARY = "run", "canary"


def publish(task_id: UUID, queue: str, time_limit: int) -> bool:
    """Tell the broker of a task. False, within 50 ms, if it is away: the relay tries again."""
    return _send(queue, _RUN, str(task_id), time_limit=time_limit * 1000)


def send_canary(queue: str) -> bool:
    """Send a message through a queue that whoever serves it notes down."""
    return _send(queue, _CANARY, queue)


def room(queue: str) -> int:
    """How many more messages a queue should be given: the rest is safe in the database.

    Raises:
        redis.RedisError: the broker is away.
    """
    waiting: int
    if settings.TASKS_REDIS_URL:
        waiting = _redis_broker(CONSUMING_SECONDS).do_qsize(queue)
    else:
        waiting = memory_broker().queues[queue].qsize()
    return max(0, MOST_IN_FLIGHT - waiting)


def worker(threads: int) -> Worker:
    """A Dramatiq worker for every queue, not started yet."""
    consuming = _redis_broker(CONSUMING_SECONDS) if settings.TASKS_REDIS_URL else memory_broker()
    consuming.emit_after("process_boot")  # starts the watch over time limits
    return Worker(consuming, worker_timeout=IDLE_MILLISECONDS, worker_threads=threads)


@cache
def memory_broker() -> StubBroker:
    """The broker of a process that has no Redis."""
    return _equip(StubBroker(middleware=[TimeLimit()]))


@cache
def _redis_broker(timeout: float) -> RedisBroker:
    client = redis.Redis.from_url(
        settings.TASKS_REDIS_URL,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
    )
    return _equip(
        RedisBroker(  # type: ignore[no-untyped-call]  # the library's own omission
            client=client,
            middleware=[TimeLimit()],
            namespace=settings.TASKS_NAMESPACE,
            heartbeat_timeout=HEARTBEAT_MILLISECONDS,
            maintenance_chance=MAINTENANCE_PER_MILLION,
        )
    )


def _equip[B: Broker](broker: B) -> B:
    for queue in registry.queues():
        broker.declare_queue(queue)
    for name, function in ((_RUN, _run), (_CANARY, canaries.answer)):
        Actor(
            function,
            broker=broker,
            actor_name=name,
            queue_name=registry.DEFAULT_QUEUE,
            priority=0,
            options={},
        )
    return broker


def _run(task_id: str) -> None:
    try:
        execution.run(UUID(task_id))
    finally:
        connections.close_all()  # back to the pool: the next task may come much later


def _send(queue: str, actor: str, argument: str, **options: int) -> bool:
    message: Message[None] = Message(
        queue_name=queue, actor_name=actor, args=(argument,), kwargs={}, options=options
    )
    if not settings.TASKS_REDIS_URL:
        memory_broker().enqueue(message)
        return True
    if not breaker.tasks.allows():
        return False
    try:
        _redis_broker(SENDING_SECONDS).enqueue(message)
    except redis.RedisError as error:
        breaker.tasks.failed(type(error).__name__)
        return False
    breaker.tasks.succeeded()
    return True
