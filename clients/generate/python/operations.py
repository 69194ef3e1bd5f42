"""``operations.py`` of the client: a constant for every operation, for both kinds of it."""

from clients.generate.python import annotations
from clients.generate.python.document import SAFE, Document, Operation

HEAD = '''"""The operations, as the document declares them."""

from . import models
from .operation import Operation
'''


def constant(operation: Operation) -> str:
    """``USERS_ME_GET`` of ``users.me.get``."""
    return operation.id.replace(".", "_").upper()


def render(document: Document) -> str:
    """The module."""
    return "\n".join([HEAD, *map(_definition, document.operations)])


def _definition(operation: Operation) -> str:
    answer = annotations.answer(operation.answer)
    facts = {
        "id": operation.id,
        "method": operation.method.upper(),
        "path": operation.path,
        "statuses": operation.statuses,
        "idempotency": operation.idempotency,
        "is_private": operation.is_private,
        "sends_refresh": operation.sends_refresh,
        "ends_session": operation.ends_session,
    }
    usual = {
        "statuses": (), "idempotency": SAFE, "is_private": True, "sends_refresh": False,
        "ends_session": False,
    }  # fmt: skip
    said = [f"{name}={fact!r}" for name, fact in facts.items() if usual.get(name) != fact]
    if answer != "None":
        said.insert(3, f"answer={answer}")
    return f"{constant(operation)}: Operation[{answer}] = Operation({', '.join(said)})"
