"""The generated part of the Python client: it is what the document says."""

import inspect
import subprocess
import sys
from copy import deepcopy
from operator import attrgetter
from typing import Any

import pytest
from backend_client import AsyncClient, Client, errors, operations

from backend.testing import contract
from clients.generate.python import errors as error_classes
from clients.generate.python import methods
from clients.generate.python.document import Document
from clients.generate.python.operations import constant
from tests.service import ROOT

DOCUMENT = Document(contract.document())
OPERATIONS = {operation.id: operation for operation in DOCUMENT.operations}


def changed(operation: str, **changes: Any) -> Document:
    """The document with one operation as it might be."""
    content = deepcopy(contract.document())
    for path in content["paths"].values():
        for raw in path.values():
            if raw["operationId"] == operation:
                for name, value in changes.items():
                    raw.pop(name, None) if value is None else raw.update({name: value})
    return Document(content)


def operation_of(document: Document, name: str) -> Any:
    return next(one for one in document.operations if one.id == name)


class TestGenerator:
    def test_has_been_run(self) -> None:
        command = [sys.executable, "-m", "clients.generate.python", "--check"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def test_notices_an_error_code_that_is_new(self) -> None:
        content = deepcopy(contract.document())
        document = Document(content)
        document.codes.append("too_late")
        assert "class TooLate(ApiError):" in error_classes.render(document)

    def test_notices_a_field_that_is_new(self) -> None:
        content = deepcopy(contract.document())
        patch = content["components"]["schemas"]["ProfilePatch"]
        patch["properties"]["nickname"] = {"type": "string", "description": "What friends say."}
        module = methods.render(Document(content), methods.BLOCKING)
        assert "nickname: str | Unset = UNSET" in module
        assert "- `nickname`: What friends say." in module

    def test_refuses_a_field_that_would_mean_two_things(self) -> None:
        content = deepcopy(contract.document())
        patch = content["components"]["schemas"]["ProfilePatch"]
        patch["properties"]["request_id"] = {"type": "string"}
        with pytest.raises(ValueError, match=r"users\.me\.update"):
            methods.render(Document(content), methods.BLOCKING)


class TestIdempotency:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("users.me.get", "safe"),
            ("users.me.update", "stored"),
            ("auth.refresh", "recovered"),
            ("auth.login", "ignored"),
        ],
    )
    def test_is_what_the_document_says_or_does_not_need_to(self, name: str, kind: str) -> None:
        assert OPERATIONS[name].idempotency == kind
        silent = changed(name, **{"x-idempotency": None})
        assert operation_of(silent, name).idempotency == kind

    def test_is_not_assumed_where_the_document_denies_it(self) -> None:
        document = changed("users.me.update", **{"x-idempotency": "ignored"})
        assert operation_of(document, "users.me.update").idempotency == "ignored"


class TestErrors:
    def test_are_as_many_as_the_document_has(self) -> None:
        classes = {error_classes.class_name(code) for code in DOCUMENT.codes}
        assert classes <= {*errors.__all__}

    def test_have_a_meaning_each(self) -> None:
        assert {*error_classes.MEANINGS} == {*DOCUMENT.codes}


class TestMethods:
    @pytest.mark.parametrize("name", OPERATIONS)
    def test_are_the_same_for_both_clients(self, name: str) -> None:
        with Client("http://127.0.0.1:1") as blocking:
            awaited = AsyncClient("http://127.0.0.1:1")
            one, other = attrgetter(name)(blocking), attrgetter(name)(awaited)
        assert inspect.signature(one) == inspect.signature(other)
        assert inspect.getdoc(one) == inspect.getdoc(other)
        assert inspect.iscoroutinefunction(other)

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_say_what_they_do(self, name: str) -> None:
        with Client("http://127.0.0.1:1") as api:
            said = inspect.getdoc(attrgetter(name)(api)) or ""
        assert said.startswith(OPERATIONS[name].raw["summary"])

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_call_their_operation(self, name: str) -> None:
        declared = getattr(operations, constant(OPERATIONS[name]))
        raw = OPERATIONS[name]
        assert (declared.id, declared.method.lower(), declared.path) == (name, raw.method, raw.path)

    def test_have_a_twin_wherever_there_are_pages(self) -> None:
        paged = [name for name, operation in OPERATIONS.items() if operation.row]
        twins = [
            name.removesuffix("list") + "iterate"
            if name.endswith(".list")
            else name.replace("security_events", "iterate_security_events")
            for name in paged
        ]
        with Client("http://127.0.0.1:1") as api:
            parameters = [inspect.signature(attrgetter(twin)(api)).parameters for twin in twins]
        assert len(parameters) >= 4
        assert all("page_size" in one and "cursor" not in one for one in parameters)

    def test_do_not_ask_for_what_the_client_keeps(self) -> None:
        with Client("http://127.0.0.1:1") as api:
            assert not inspect.signature(api.auth.refresh).parameters
            assert "refresh" not in inspect.signature(api.auth.logout).parameters
