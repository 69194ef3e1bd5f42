"""``blocking.py`` and ``asynchronous.py`` of the client: a method for every operation."""

from collections.abc import Iterator
from dataclasses import dataclass

from clients.generate.python import annotations, errors
from clients.generate.python.document import SAFE, Document, Operation, Parameter
from clients.generate.python.operations import constant
from clients.generate.python.texts import docstring

CURSOR = "cursor"
INIT = "    def __init__(self, core: Core) -> None:\n        super().__init__(core)"
NAMESPACE = "Operations of ``{}``."


@dataclass(frozen=True)
class Kind:
    """What makes the difference between the two modules."""

    title: str
    prefix: str
    base: str
    iterator: str
    keyword: str
    wait: str


BLOCKING = Kind("The operations, as methods that block.", "", "Group", "Iterator", "", "")
ASYNCHRONOUS = Kind(
    "The operations, as methods to await.",
    "Async",
    "AsyncGroup",
    "AsyncIterator",
    "async ",
    "await ",
)
HEAD = '''"""{kind.title}"""

from collections.abc import {kind.iterator}, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from . import models, operations
from .base_model import Versioned
from .core import Core
from .groups import {kind.base}
from .operation import Arguments
from .unset import UNSET, Unset
'''


def render(document: Document, kind: Kind) -> str:
    """The module."""
    groups = _groups(document)
    # The innermost first: a group needs those inside it.
    ordered = sorted(groups, key=lambda path: (-len(path), path))
    classes = [_class(document, kind, path, groups) for path in ordered]
    return "\n\n\n".join([HEAD.format(kind=kind), *classes])


def _groups(document: Document) -> dict[tuple[str, ...], list[Operation]]:
    """The operations by the path of their group; the root is the empty path."""
    groups: dict[tuple[str, ...], list[Operation]] = {(): []}
    for operation in document.operations:
        path = tuple(operation.id.split(".")[:-1])
        for length in range(len(path) + 1):
            groups.setdefault(path[:length], [])
        groups[path].append(operation)
    return groups


def _class(
    document: Document,
    kind: Kind,
    path: tuple[str, ...],
    groups: dict[tuple[str, ...], list[Operation]],
) -> str:
    inner = [other for other in groups if other[:-1] == path and other]
    lines = [
        f"class {_class_name(kind, path)}({kind.base}):",
        docstring(_about(document, path), indent=4),
    ]
    if inner:
        lines += [
            "",
            "    def __init__(self, core: Core) -> None:",
            "        super().__init__(core)",
        ]
        lines += [f"        self.{other[-1]} = {_class_name(kind, other)}(core)" for other in inner]
    for operation in groups[path]:
        lines += ["", *_methods(document, kind, operation)]
    return "\n".join(lines)


def _class_name(kind: Kind, path: tuple[str, ...]) -> str:
    return kind.prefix + ("".join(part.capitalize() for part in path) or "Api")


def _about(document: Document, path: tuple[str, ...]) -> str:
    if not path:
        return "All operations."
    if len(path) == 1:
        for tag in document.content.get("tags", []):
            if tag["name"] == path[0]:
                return str(tag["description"])
    return NAMESPACE.format(".".join(path))


def _methods(document: Document, kind: Kind, operation: Operation) -> Iterator[str]:
    if operation.idempotency == "recovered":  # the client's own business: it keeps the tokens
        yield f"    {kind.keyword}def {_name(operation)}(self) -> None:"
        yield docstring(_unasked(operation), indent=8, raises=_raises(operation))
        yield f"        {kind.wait}self._refresh()"
        return
    answer = annotations.answer(operation.answer)
    definition = f"{kind.keyword}def {_name(operation)}"
    yield from _signature(document, definition, operation, answer)
    listed, raises = _listed(operation), _raises(operation)
    yield docstring(operation.description, indent=8, listed=listed, raises=raises)
    returned = "" if answer == "None" else "return "
    call = f"self._call(operations.{constant(operation)}, {_arguments(operation)})"
    yield f"        {returned}{kind.wait}{call}"
    if operation.row is not None:
        yield from _iterator(document, kind, operation, annotations.answer(operation.row))


def _iterator(document: Document, kind: Kind, operation: Operation, row: str) -> Iterator[str]:
    """The twin of a list, over all pages."""
    name = _name(operation)
    definition = "def iterate" if name == "list" else f"def iterate_{name}"
    yield ""
    returned = f"{kind.iterator}[{row}]"
    yield from _signature(document, definition, operation, returned, paged=False)
    text = f"{_first_sentence(operation)}. All pages, read one after the other as you go on."
    listed, raises = _listed(operation, paged=False), _raises(operation)
    yield docstring(text, indent=8, listed=listed, raises=raises)
    given = _arguments(operation, paged=False)
    yield f"        return self._rows(operations.{constant(operation)}, {given})"


def _name(operation: Operation) -> str:
    return operation.id.rsplit(".", 1)[-1]


def _unasked(operation: Operation) -> str:
    return (
        f"{_first_sentence(operation)}. The client does it unasked when the access token expires."
    )


def _first_sentence(operation: Operation) -> str:
    return operation.description.partition(". ")[0].removesuffix(".")


def _signature(
    document: Document, definition: str, operation: Operation, returned: str, *, paged: bool = True
) -> Iterator[str]:
    parameters = _parameters(operation, paged=paged)
    first = [_declared(document, one) for one in parameters if one.where == "path"]
    named = [_declared(document, one) for one in parameters if one.where != "path"]
    named += [f"{name}: {kind} | None = None" for name, kind in _options(operation).items()]
    yield f"    {definition}(self, {', '.join([*first, '*', *named])}) -> {returned}:"


def _declared(document: Document, parameter: Parameter) -> str:
    kind = annotations.argument(document, parameter.schema)
    if parameter.is_required:
        return f"{parameter.name}: {kind}"
    return f"{parameter.name}: {kind} | Unset = UNSET"


def _parameters(operation: Operation, *, paged: bool) -> list[Parameter]:
    return [one for one in operation.parameters if paged or one.name != CURSOR]


def _options(operation: Operation) -> dict[str, str]:
    """What the client offers beside the operation's own parameters, with its type."""
    options = {}
    if operation.is_versioned:
        reads = operation.idempotency == SAFE
        name = "if_none_match" if reads else "if_match"
        options[name] = annotations.answer(operation.answer) if reads else "Versioned | str"
    if operation.idempotency == "stored":
        options["idempotency_key"] = "str"
    options["request_id"] = "str"
    taken = {*options} & {parameter.name for parameter in operation.parameters}
    if taken:
        raise ValueError(f"{operation.id}: {taken} would mean two things")
    return options


def _arguments(operation: Operation, *, paged: bool = True) -> str:
    given = []
    for place in ("path", "query", "body"):
        names = [one.name for one in _parameters(operation, paged=paged) if one.where == place]
        if names:
            pairs = ", ".join(f'"{name}": {name}' for name in names)
            given.append(f"{place}={{{pairs}}}")
    given += [f"{name}={name}" for name in _options(operation)]
    return f"Arguments({', '.join(given)})"


def _listed(operation: Operation, *, paged: bool = True) -> Iterator[str]:
    for parameter in _parameters(operation, paged=paged):
        if parameter.description:
            yield f"`{parameter.name}`: {parameter.description}"
    if operation.is_versioned:
        if operation.idempotency == SAFE:
            yield "`if_none_match`: What you have read; it is returned if it has not changed."
        else:
            yield "`if_match`: What you have read, or its ETag: refused if it has changed since."


def _raises(operation: Operation) -> dict[str, str]:
    return {
        errors.class_name(code): errors.meaning(code)
        for codes in operation.refusals.values()
        for code in codes
        if code not in errors.EVERYWHERE
    }
