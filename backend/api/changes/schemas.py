"""What has changed in a schema. A request may become wider, an answer may become narrower."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from backend.api.changes.change import Change, addition, breaking
from backend.core.openapi import JSON


class Side(Enum):
    """Who has to take what a schema allows."""

    REQUEST = "request"
    ANSWER = "answer"


_UPPER = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
_LOWER = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")


def compare(old: JSON, new: JSON, where: str, side: Side) -> Iterator[Change]:
    """Changes from one schema to another; both without references."""
    old, new = _plain(old), _plain(new)
    if "variants" in old or "variants" in new:
        yield from _shapes(old, new, where, side)
        return
    yield from _kinds(_types(old), _types(new), where, side)
    yield from _values(old, new, where, side)
    for keyword in ("format", "pattern"):
        yield from _rule(keyword, old.get(keyword), new.get(keyword), where, side)
    yield from _bounds(old, new, where, side)
    if side is Side.REQUEST and old.get("default") != new.get("default"):
        said = f"default is {_said(new.get('default'))}, was {_said(old.get('default'))}"
        yield breaking(where, said)
    yield from _fields(old, new, where, side)
    for keyword, part in (("items", "items"), ("additionalProperties", "values")):
        if isinstance(old.get(keyword), dict) and isinstance(new.get(keyword), dict):
            yield from compare(old[keyword], new[keyword], f"{where} {part}", side)
    if side is Side.REQUEST and _is_closed(new) and not _is_closed(old):
        yield breaking(where, "unknown fields are refused")


def _plain(schema: JSON) -> JSON:
    """A schema with its ``allOf`` merged; of an ``anyOf`` one part, where the rest is null."""
    merged = {key: value for key, value in schema.items() if key not in {"allOf", "anyOf"}}
    for part in map(_plain, schema.get("allOf", ())):
        properties = {**merged.get("properties", {})}
        for name, field in part.get("properties", {}).items():
            properties[name] = {**properties.get(name, {}), **field}
        required = [*merged.get("required", ()), *part.get("required", ())]
        merged = {**merged, **part, "properties": properties, "required": required}
    variants = [_plain(part) for part in schema.get("anyOf", ())]
    some = [part for part in variants if part.get("type") != "null"]
    if len(some) < len(variants):
        merged["nullable"] = True
    if len(some) == 1:
        return {**some[0], **merged}
    return {**merged, "variants": some} if some else merged


def _shapes(old: JSON, new: JSON, where: str, side: Side) -> Iterator[Change]:
    """Changes where there are several shapes, or were; they go by their titles."""
    before, after = _by_title(old), _by_title(new)
    yield from _kinds({*before}, {*after}, where, side)
    for title in before.keys() & after:
        yield from compare(before[title], after[title], f"{where} {title}", side)


def _by_title(schema: JSON) -> dict[str, JSON]:
    shapes = schema.get("variants") or [schema]
    found = {str(shape.get("title", shape.get("type"))): shape for shape in shapes}
    return {**found, **({"null": {}} if schema.get("nullable") else {})}


def _types(schema: JSON) -> set[str]:
    return {str(schema.get("type", "anything")), *(["null"] if schema.get("nullable") else [])}


def _kinds(before: set[str], after: set[str], where: str, side: Side) -> Iterator[Change]:
    gone, come = before - after, after - before
    if come == {"integer"} and "number" in before:
        come = set()  # an integer is a number
    if gone == {"integer"} and "number" in after:
        gone = set()
    if gone:
        make = breaking if side is Side.REQUEST else addition
        yield make(where, f"is no longer {' or '.join(sorted(gone))}")
    if come:
        make = addition if side is Side.REQUEST else breaking
        yield make(where, f"can be {' or '.join(sorted(come))}")


def _values(old: JSON, new: JSON, where: str, side: Side) -> Iterator[Change]:
    before, after = _listed(old), _listed(new)
    if before is None or after is None:
        yield from _rule("enum", before, after, where, side)
        return
    for value in [value for value in before if value not in after]:
        make = breaking if side is Side.REQUEST else addition
        yield make(where, f"value `{value}` is gone")
    for value in [value for value in after if value not in before]:
        make = addition if side is Side.REQUEST else breaking
        yield make(where, f"value `{value}` is new")


def _listed(schema: JSON) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _rule(keyword: str, old: Any, new: Any, where: str, side: Side) -> Iterator[Change]:
    """A rule that values obey. To lift it widens; to set it narrows; another may do both."""
    if old == new:
        return
    harmless = new is None if side is Side.REQUEST else old is None
    make = addition if harmless else breaking
    yield make(where, f"{keyword} is {_said(new)}, was {_said(old)}")


def _said(rule: Any) -> str:
    return "none" if rule is None else f"`{rule}`"


def _bounds(old: JSON, new: JSON, where: str, side: Side) -> Iterator[Change]:
    for keyword in (*_UPPER, *_LOWER):
        before, after = old.get(keyword), new.get(keyword)
        if before != after:
            narrows = _narrows(before, after, is_upper=keyword in _UPPER)
            make = breaking if narrows == (side is Side.REQUEST) else addition
            yield make(where, f"{keyword} is {_said(after)}, was {_said(before)}")


def _narrows(before: float | None, after: float | None, *, is_upper: bool) -> bool:
    if before is None or after is None:
        return before is None
    return after < before if is_upper else after > before


def _fields(old: JSON, new: JSON, where: str, side: Side) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    had_to, have_to = {*old.get("required", ())}, {*new.get("required", ())}
    for name in before:
        if name not in after:
            yield breaking(f"{where} field `{name}`", "is gone")
        else:
            field = f"{where} field `{name}`"
            yield from obligation(field, was=name in had_to, now=name in have_to, side=side)
            yield from compare(before[name], after[name], field, side)
    for name in [name for name in after if name not in before]:
        is_demanded = side is Side.REQUEST and name in have_to
        make = breaking if is_demanded else addition
        yield make(f"{where} field `{name}`", "is new and required" if is_demanded else "is new")


def obligation(where: str, *, was: bool, now: bool, side: Side) -> Iterator[Change]:
    """A change of whether something has to be there."""
    if was != now:
        make = breaking if now == (side is Side.REQUEST) else addition
        yield make(where, "is required" if now else "is no longer required")


def _is_closed(schema: JSON) -> bool:
    return schema.get("additionalProperties") is False
