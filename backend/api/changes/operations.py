"""What has changed in the operations of a document."""

from collections.abc import Iterator
from typing import Any

from backend.api.changes import schemas
from backend.api.changes.change import Change, addition, breaking
from backend.api.changes.schemas import Side
from backend.core.openapi import JSON

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_REFUSALS = 400


def compare(old: JSON, new: JSON) -> list[Change]:
    """The changes from an older document to a newer one, breaking ones first."""
    before, after = _operations(old), _operations(new)
    found = [breaking(_title(*place, before[place]), "is gone") for place in before.keys() - after]
    found += [addition(_title(*place, after[place]), "is new") for place in after.keys() - before]
    for place in before.keys() & after:
        found += _operation(before[place], after[place])
    names = [document.get("components", {}).get("schemas", {}) for document in (old, new)]
    found += [
        breaking(f"schema {name}", "is gone by this name") for name in names[0].keys() - names[1]
    ]
    return sorted({*found}, key=lambda change: (not change.is_breaking, change))


def _operations(document: JSON) -> dict[tuple[str, str], JSON]:
    """Operations by method and path, with what they refer to in place."""
    return {
        (method.upper(), path): _inlined(operations[method], document)
        for path, operations in document["paths"].items()
        for method in _METHODS
        if method in operations
    }


def _inlined(node: Any, document: JSON) -> Any:
    if isinstance(node, list):
        return [_inlined(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return {key: _inlined(value, document) for key, value in node.items()}


def _title(method: str, path: str, operation: JSON) -> str:
    return f"{operation['operationId']} ({method} {path})"


def _operation(old: JSON, new: JSON) -> Iterator[Change]:
    name = old["operationId"]
    if name != new["operationId"]:
        yield breaking(name, f"is called {new['operationId']}")
    if old.get("tags") != new.get("tags"):
        yield breaking(name, f"tags are {new.get('tags')}, were {old.get('tags')}")
    if new.get("deprecated") and not old.get("deprecated"):
        yield addition(name, "is deprecated")
    yield from _rights(old, new, name)
    yield from _parameters(old, new, name)
    yield from _body(old.get("requestBody"), new.get("requestBody"), f"{name}: request")
    yield from _responses(old["responses"], new["responses"], name)


def _rights(old: JSON, new: JSON, name: str) -> Iterator[Change]:
    before, after = _ways(old), _ways(new)
    for way in sorted(before - after - (before if () in after else set())):
        yield breaking(name, f"can no longer be called with {' and '.join(way) or 'nothing'}")
    for way in sorted(after - before):
        yield addition(name, f"can be called with {' and '.join(way) or 'nothing'}")
    permissions = old.get("x-permission"), new.get("x-permission")
    if permissions[0] != permissions[1]:
        make = breaking if permissions[1] else addition
        yield make(
            name, f"permission is {_granted(permissions[1])}, was {_granted(permissions[0])}"
        )


def _ways(operation: JSON) -> set[tuple[str, ...]]:
    """The ways in: sets of security schemes, the empty one where none is needed."""
    return {tuple(sorted(way)) for way in operation.get("security") or [{}]}


def _granted(permission: JSON | None) -> str:
    return f"`{permission['name']}` or {permission['otherwise']}" if permission else "none"


def _parameters(old: JSON, new: JSON, name: str) -> Iterator[Change]:
    before, after = (
        {
            f"{given['in']} parameter `{given['name']}`": given
            for given in side.get("parameters", ())
        }
        for side in (old, new)
    )
    yield from _parts(before, after, f"{name}:", Side.REQUEST)


def _parts(
    before: dict[str, JSON], after: dict[str, JSON], where: str, side: Side
) -> Iterator[Change]:
    """Changes of what is called by a name and has a schema: parameters, headers."""
    for title, old in before.items():
        new = after.get(title)
        if new is None:
            yield breaking(f"{where} {title}", "is gone")
            continue
        yield from _obligation(old, new, f"{where} {title}", side)
        yield from schemas.compare(old["schema"], new["schema"], f"{where} {title}", side)
    for title in [title for title in after if title not in before]:
        if side is Side.REQUEST and after[title].get("required"):
            yield breaking(f"{where} {title}", "is new and required")
        else:
            yield addition(f"{where} {title}", "is new")


def _obligation(old: JSON, new: JSON, where: str, side: Side) -> Iterator[Change]:
    was, now = old.get("required", False), new.get("required", False)
    yield from schemas.obligation(where, was=was, now=now, side=side)


def _body(old: JSON | None, new: JSON | None, where: str) -> Iterator[Change]:
    if old is None or new is None:
        if old is not None:
            yield breaking(where, "body is gone")
        if new is not None:
            make = breaking if new.get("required") else addition
            yield make(where, "body is new and required" if new.get("required") else "body is new")
        return
    yield from _obligation(old, new, f"{where} body", Side.REQUEST)
    yield from _contents(old["content"], new["content"], where, Side.REQUEST)


def _contents(old: JSON, new: JSON, where: str, side: Side) -> Iterator[Change]:
    for media_type in old:
        if media_type not in new:
            yield breaking(where, f"{media_type} is gone")
        else:
            schema = old[media_type]["schema"], new[media_type]["schema"]
            yield from schemas.compare(*schema, where, side)
    for media_type in [media_type for media_type in new if media_type not in old]:
        yield addition(where, f"{media_type} is new")


def _responses(old: JSON, new: JSON, name: str) -> Iterator[Change]:
    for status in old:
        where = f"{name}: answer {status}"
        if status not in new:
            yield breaking(where, "is gone")
            continue
        yield from _headers(old[status], new[status], where)
        contents = old[status].get("content", {}), new[status].get("content", {})
        is_refusal = int(status) >= _REFUSALS
        for change in _contents(*contents, where, Side.ANSWER):
            yield _of_refusal(change, where) if is_refusal else change
    for status in [status for status in new if status not in old]:
        make = addition if int(status) >= _REFUSALS else breaking
        yield make(f"{name}: answer {status}", "is new")


def _of_refusal(change: Change, where: str) -> Change:
    """A code may come, since clients know what its status says; one that goes is missed."""
    if change.where != f"{where} field `code`":
        return change
    return (addition if change.what.endswith("is new") else breaking)(change.where, change.what)


def _headers(old: JSON, new: JSON, where: str) -> Iterator[Change]:
    before, after = (
        {f"header `{name}`": header for name, header in side.get("headers", {}).items()}
        for side in (old, new)
    )
    yield from _parts(before, after, where, Side.ANSWER)
