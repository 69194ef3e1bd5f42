"""Which changes break clients: one small document, changed in one place at a time."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.api.changes import compare, faults, read
from backend.api.changes.change import Change, addition, breaking
from tests.api.document import DOCUMENT
from tests.api.notes import (
    ANSWERED,
    BASE,
    CODES,
    GONE,
    KEY,
    SENT,
    UPDATE,
    Place,
    edited,
)

FIELD = "notes.update: request field"
ANSWER = "notes.update: answer 200 field"

BREAKING: list[tuple[Place, Any, str]] = [
    (("paths", "/notes/{id}/"), GONE, "notes.get (GET /notes/{id}/): is gone"),
    (UPDATE, GONE, "notes.update (PATCH /notes/{id}/): is gone"),
    ((*UPDATE, "operationId"), "notes.edit", "notes.update: is called notes.edit"),
    ((*UPDATE, "tags"), ["memos"], "notes.update: tags are ['memos'], were ['notes']"),
    (
        ("paths", "/notes/{id}/", "get", "security"),
        [{"Bearer": []}],
        "notes.get: can no longer be called with nothing",
    ),
    (
        (*UPDATE, "security"),
        [{"Cookie": []}],
        "notes.update: can no longer be called with Bearer",
    ),
    (
        (*UPDATE, "x-permission", "name"),
        "notes.all",
        "notes.update: permission is `notes.all` or 403, was `notes.change` or 403",
    ),
    ((*UPDATE, "parameters"), [], "notes.update: header parameter `Key`: is gone"),
    ((*KEY, "required"), True, "notes.update: header parameter `Key`: is required"),
    (
        (*KEY, "schema", "pattern"),
        "b+",
        "notes.update: header parameter `Key`: pattern is `b+`, was `a+`",
    ),
    (
        (*KEY, "schema", "default"),
        "b",
        "notes.update: header parameter `Key`: default is `b`, was `a`",
    ),
    (
        (*UPDATE, "parameters", 1),
        {"in": "query", "name": "why", "required": True, "schema": {"type": "string"}},
        "notes.update: query parameter `why`: is new and required",
    ),
    ((*UPDATE, "requestBody"), GONE, "notes.update: request: body is gone"),
    ((*UPDATE, "requestBody", "required"), True, "notes.update: request body: is required"),
    (
        ("paths", "/notes/{id}/", "get", "requestBody"),
        {"required": True, "content": {}},
        "notes.get: request: body is new and required",
    ),
    ((*UPDATE, "requestBody", "content"), {}, "notes.update: request: json is gone"),
    ((*SENT, "required"), ["text"], f"{FIELD} `text`: is required"),
    ((*SENT, "properties", "text"), GONE, f"{FIELD} `text`: is gone"),
    ((*ANSWERED, "properties", "size", "type"), "string", f"{ANSWER} `size`: can be string"),
    ((*SENT, "properties", "text", "type"), "integer", f"{FIELD} `text`: is no longer string"),
    ((*SENT, "properties", "size", "type"), "integer", f"{FIELD} `size`: is no longer number"),
    (
        (*SENT, "properties", "text", "format"),
        "email",
        f"{FIELD} `text`: format is `email`, was `text`",
    ),
    (
        (*SENT, "properties", "kind", "format"),
        "email",
        f"{FIELD} `kind`: format is `email`, was none",
    ),
    ((*SENT, "properties", "kind", "enum"), ["big"], f"{FIELD} `kind`: value `small` is gone"),
    (
        (*SENT, "properties", "text", "enum"),
        ["a"],
        f"{FIELD} `text`: enum is `['a']`, was none",
    ),
    ((*SENT, "properties", "text", "maxLength"), 8, f"{FIELD} `text`: maxLength is `8`, was `9`"),
    ((*SENT, "properties", "text", "minLength"), 3, f"{FIELD} `text`: minLength is `3`, was `2`"),
    (
        (*SENT, "properties", "size", "minimum"),
        0,
        f"{FIELD} `size`: minimum is `0`, was none",
    ),
    (
        (*SENT, "properties", "tags", "items", "maxLength"),
        8,
        f"{FIELD} `tags` items: maxLength is `8`, was `9`",
    ),
    ((*UPDATE, "responses", "200"), GONE, "notes.update: answer 200: is gone"),
    ((*UPDATE, "responses", "404"), GONE, "notes.update: answer 404: is gone"),
    ((*UPDATE, "responses", "201"), {}, "notes.update: answer 201: is new"),
    (
        (*UPDATE, "responses", "200", "headers", "ETag"),
        GONE,
        "notes.update: answer 200 header `ETag`: is gone",
    ),
    (
        (*UPDATE, "responses", "200", "headers", "ETag", "required"),
        False,
        "notes.update: answer 200 header `ETag`: is no longer required",
    ),
    ((*UPDATE, "responses", "200", "content"), {}, "notes.update: answer 200: json is gone"),
    ((*ANSWERED, "properties", "size"), GONE, f"{ANSWER} `size`: is gone"),
    ((*ANSWERED, "required"), ["id"], f"{ANSWER} `kind`: is no longer required"),
    (
        (*ANSWERED, "properties", "id", "format"),
        GONE,
        f"{ANSWER} `id`: format is none, was `uuid`",
    ),
    (
        (*ANSWERED, "properties", "id", "maxLength"),
        10,
        f"{ANSWER} `id`: maxLength is `10`, was `9`",
    ),
    (
        (*ANSWERED, "properties", "kind", "enum"),
        ["big", "small", "odd"],
        f"{ANSWER} `kind`: value `odd` is new",
    ),
    (
        (*ANSWERED, "properties", "id"),
        {"anyOf": [{"type": "string", "format": "uuid", "maxLength": 9}, {"type": "null"}]},
        f"{ANSWER} `id`: can be null",
    ),
    (CODES, ["not_found"], "notes.update: answer 404 field `code`: value `gone` is gone"),
    (("components", "schemas", "Label"), GONE, "schema Label: is gone by this name"),
]
COMPATIBLE: list[tuple[Place, Any, str]] = [
    (
        ("paths", "/notes/"),
        {"get": BASE["paths"]["/notes/{id}/"]["get"]},
        "notes.get (GET /notes/): is new",
    ),
    ((*UPDATE, "deprecated"), True, "notes.update: is deprecated"),
    ((*UPDATE, "security"), [], "notes.update: can be called with nothing"),
    (
        (*UPDATE, "x-permission"),
        GONE,
        "notes.update: permission is none, was `notes.change` or 403",
    ),
    (
        (*UPDATE, "parameters", 1),
        {"in": "query", "name": "why", "schema": {"type": "string"}},
        "notes.update: query parameter `why`: is new",
    ),
    ((*SENT, "properties", "new"), {"type": "string"}, f"{FIELD} `new`: is new"),
    ((*SENT, "properties", "text", "maxLength"), 10, f"{FIELD} `text`: maxLength is `10`, was `9`"),
    ((*SENT, "properties", "text", "format"), GONE, f"{FIELD} `text`: format is none, was `text`"),
    (
        (*SENT, "properties", "kind", "enum"),
        ["big", "small", "odd"],
        f"{FIELD} `kind`: value `odd` is new",
    ),
    (
        (*SENT, "properties", "text"),
        {
            "anyOf": [
                {"type": "string", "minLength": 2, "maxLength": 9, "format": "text"},
                {"type": "null"},
            ]
        },
        f"{FIELD} `text`: can be null",
    ),
    ((*ANSWERED, "properties", "new"), {"type": "string"}, f"{ANSWER} `new`: is new"),
    ((*ANSWERED, "required"), ["id", "kind", "by"], f"{ANSWER} `by`: is required"),
    ((*ANSWERED, "properties", "by"), {"type": "string"}, f"{ANSWER} `by`: is no longer null"),
    ((*ANSWERED, "properties", "size", "type"), "integer", f"{ANSWER} `size`: is no longer number"),
    ((*ANSWERED, "properties", "kind", "enum"), ["big"], f"{ANSWER} `kind`: value `small` is gone"),
    ((*UPDATE, "responses", "409"), {}, "notes.update: answer 409: is new"),
    (
        CODES,
        ["gone", "not_found", "hidden"],
        "notes.update: answer 404 field `code`: value `hidden` is new",
    ),
    (
        (*UPDATE, "responses", "200", "headers", "Link"),
        {"schema": {"type": "string"}},
        "notes.update: answer 200 header `Link`: is new",
    ),
]
UNNOTICED: list[tuple[Place, Any]] = [
    ((*UPDATE, "summary"), "Change a note"),
    ((*ANSWERED, "description"), "A note."),
]


def told(changes: list[Change], *, are_breaking: bool) -> list[str]:
    """The changes of one kind, in words."""
    return [str(change) for change in changes if change.is_breaking is are_breaking]


class TestChange:
    @pytest.mark.parametrize(("place", "value", "words"), BREAKING, ids=lambda value: None)
    def test_that_breaks_clients_is_told_as_such(
        self, place: Place, value: Any, words: str
    ) -> None:
        assert words in told(compare(BASE, edited((place, value))), are_breaking=True)

    @pytest.mark.parametrize(("place", "value", "words"), COMPATIBLE, ids=lambda value: None)
    def test_that_clients_can_pass_over_is_told_and_is_not_breaking(
        self, place: Place, value: Any, words: str
    ) -> None:
        changes = compare(BASE, edited((place, value)))
        assert told(changes, are_breaking=True) == []
        assert words in told(changes, are_breaking=False)

    @pytest.mark.parametrize(("place", "value"), UNNOTICED, ids=lambda value: None)
    def test_that_changes_no_promise_is_not_told(self, place: Place, value: Any) -> None:
        assert compare(BASE, edited((place, value))) == []

    def test_that_is_new_and_required_breaks_whoever_does_not_send_it(self) -> None:
        field = ((*SENT, "properties", "new"), {"type": "string"})
        changes = compare(BASE, edited(field, ((*SENT, "required"), ["new"])))
        assert told(changes, are_breaking=True) == [f"{FIELD} `new`: is new and required"]

    def test_of_a_shape_among_several_is_found(self) -> None:
        note = {"$ref": "#/components/schemas/Note"}
        shapes = {"anyOf": [note, {"title": "Long", "type": "object"}]}
        place = (*UPDATE, "responses", "200", "content", "json", "schema")
        old = edited((place, shapes))
        new = edited((place, shapes), ((*ANSWERED, "properties", "size"), GONE))
        assert told(compare(old, new), are_breaking=True) == [
            "notes.update: answer 200 Note field `size`: is gone"
        ]
        assert told(compare(BASE, old), are_breaking=True) == [
            "notes.update: answer 200: can be Long"
        ]

    def test_is_told_once_and_the_breaking_ones_first(self) -> None:
        changes = compare(BASE, edited(((*UPDATE, "deprecated"), True), (CODES, ["gone"])))
        assert [change.is_breaking for change in changes] == [True, False]

    def test_is_none_where_nothing_changed(self) -> None:
        assert compare(DOCUMENT, json.loads(json.dumps(DOCUMENT))) == []


GOING = breaking("notes.get", "is gone")


class TestWrittenEntry:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "breaking.toml"
        path.write_text('[[change]]\nwhat = "notes.get: is gone"\nwhy = "Call notes.list."\n')
        return path

    def test_answers_for_a_breaking_change(self, file: Path) -> None:
        assert read(file) == {"notes.get: is gone": "Call notes.list."}
        assert faults([GOING], read(file), file) == []

    def test_is_not_needed_for_an_addition(self, tmp_path: Path) -> None:
        assert faults([addition("notes.get", "is new")], read(tmp_path / "none"), tmp_path) == []

    def test_that_is_missing_is_spelled_out(self, tmp_path: Path) -> None:
        (fault,) = faults([GOING], {}, tmp_path)
        entry = fault.partition("Add:\n\n")[2]
        (tmp_path / "breaking.toml").write_text(entry)
        assert read(tmp_path / "breaking.toml") == {"notes.get: is gone": ""}

    def test_needs_a_reason(self, file: Path) -> None:
        (fault,) = faults([GOING], {"notes.get: is gone": ""}, file)
        assert "gives no reason for: notes.get: is gone" in fault

    def test_that_is_stale_is_named(self, file: Path) -> None:
        (fault,) = faults([], read(file), file)
        assert "names what is no breaking change: notes.get: is gone" in fault
