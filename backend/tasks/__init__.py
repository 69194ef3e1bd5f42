"""Background work that is never lost: an outbox in the database, Dramatiq to carry it, a scheduler.

A task is a row, written in the transaction that causes it. What travels through Redis is the row's
id alone, so that a broker may lose everything and nobody notices. Who writes tasks needs two names:
``backend.tasks.registry.task`` and ``backend.tasks.outbox.enqueue``.
"""
