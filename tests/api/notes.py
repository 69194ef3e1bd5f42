"""A small OpenAPI document with everything that can change in one."""

import copy
from typing import Any

from tests.api.document import JSON

type Place = tuple[str | int, ...]

GONE = object()

BASE: JSON = {
    "paths": {
        "/notes/{id}/": {
            "patch": {
                "operationId": "notes.update",
                "tags": ["notes"],
                "security": [{"Bearer": []}],
                "x-permission": {"name": "notes.change", "otherwise": 403},
                "parameters": [{"$ref": "#/components/parameters/Key"}],
                "requestBody": {
                    "required": False,
                    "content": {"json": {"schema": {"$ref": "#/components/schemas/NotePatch"}}},
                },
                "responses": {
                    "200": {
                        "headers": {"ETag": {"required": True, "schema": {"type": "string"}}},
                        "content": {"json": {"schema": {"$ref": "#/components/schemas/Note"}}},
                    },
                    "404": {"$ref": "#/components/responses/NotFound"},
                },
            },
            "get": {
                "operationId": "notes.get",
                "tags": ["notes"],
                "security": [],
                "responses": {"204": {}},
            },
        }
    },
    "components": {
        "parameters": {
            "Key": {
                "in": "header",
                "name": "Key",
                "required": False,
                "schema": {"type": "string", "pattern": "a+", "default": "a"},
            }
        },
        "responses": {
            "NotFound": {
                "content": {
                    "json": {
                        "schema": {
                            "allOf": [
                                {"$ref": "#/components/schemas/Error"},
                                {"properties": {"code": {"enum": ["gone", "not_found"]}}},
                            ]
                        }
                    }
                }
            }
        },
        "schemas": {
            "Label": {"title": "Label", "type": "object"},
            "Error": {
                "title": "Error",
                "type": "object",
                "required": ["code"],
                "properties": {"code": {"type": "string"}},
            },
            "NotePatch": {
                "title": "NotePatch",
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "text": {"type": "string", "minLength": 2, "maxLength": 9, "format": "text"},
                    "kind": {"type": "string", "enum": ["big", "small"]},
                    "size": {"type": "number", "maximum": 5},
                    "tags": {"type": "array", "items": {"type": "string", "maxLength": 9}},
                },
            },
            "Note": {
                "title": "Note",
                "type": "object",
                "required": ["id", "kind"],
                "properties": {
                    "id": {"type": "string", "format": "uuid", "maxLength": 9},
                    "kind": {"type": "string", "enum": ["big", "small"]},
                    "size": {"type": "number"},
                    "by": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
            },
        },
    },
}

UPDATE = ("paths", "/notes/{id}/", "patch")
KEY = ("components", "parameters", "Key")
SENT = ("components", "schemas", "NotePatch")
ANSWERED = ("components", "schemas", "Note")
REFUSED = ("components", "responses", "NotFound", "content", "json", "schema", "allOf", 1)
CODES = (*REFUSED, "properties", "code", "enum")


def edited(*edits: tuple[Place, Any]) -> JSON:
    """The document with something else, or nothing, in some places."""
    document = copy.deepcopy(BASE)
    for (*steps, last), value in edits:
        place: Any = document
        for step in steps:
            place = place[step]
        if value is GONE:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return document
