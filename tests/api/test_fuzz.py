"""5,000 generated requests: valid and invalid, by nobody, a user and a superuser, all of Unicode.

The same ones each time (derandomised), so that what is found stays found.
"""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import accounts, contract
from tests.accounts import PASSWORD, Account
from tests.client import ApiClient
from tests.service import Service

EXAMPLES = 50  # times operations, modes and callers: about 5,000
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CONFIG = SchemathesisConfig(
    seed=1,
    projects=ProjectsConfig(
        default=ProjectConfig(
            generation=GenerationConfig(
                allow_x00=True,
                allow_extra_parameters=True,
                codec="utf-8",
                deterministic=True,
                with_security_parameters=False,
            )
        )
    ),
)
SCHEMA = schemathesis.openapi.from_dict(contract.document(), config=CONFIG)
OPERATIONS: dict[str, APIOperation[Any, Any, Any, Any]] = {
    result.ok().definition.raw["operationId"]: result.ok()
    for result in SCHEMA.get_all_operations()
    if isinstance(result, Ok)
}
# Input can be invalid where there is some; of a list's query parameters, see ``test_bodies``.
MODES = [
    (name, mode)
    for name, operation in OPERATIONS.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE
    or operation.body
    or (operation.path_parameters and not operation.query)
]
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# What no well-behaved generator makes: text that UTF-8 cannot hold, and a NUL in every place.
HOSTILE = st.text(st.sampled_from("\0\ud800\udfff\u202e\uffff😀a'\"\\%"), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def boss(service: Service) -> Account:
    """A superuser."""
    service.manage(
        *("createsuperuser", "--noinput", "--email", "boss@example.com"),
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    return Account(service.client(), "boss@example.com")


@pytest.fixture(params=["anonymous", "signed in", "superuser"])
def caller(request: pytest.FixtureRequest, service: Service, boss: Account) -> Account:
    """Nobody, somebody with a token, somebody who may do everything."""
    client = service.client()
    if request.param == "superuser":
        assert boss.log_in().status == 200
        return boss
    return accounts.signed_in(client) if request.param == "signed in" else Account(client, "")


def bearer(caller: Account) -> dict[str, str]:
    """The header of somebody who is signed in."""
    return {"Authorization": f"Bearer {caller.access}"} if caller.email else {}


def sign_in_again(caller: Account, status: int) -> None:
    """Open a new session where a request may just have ended the old one."""
    if caller.email and status == 204:
        assert caller.log_in().status == 200


class TestGeneratedRequest:
    @pytest.mark.parametrize(
        ("name", "mode"),
        MODES,
        ids=lambda value: value if isinstance(value, str) else value.value,
    )
    def test_gets_what_the_document_declares(
        self, service: Service, caller: Account, name: str, mode: GenerationMode
    ) -> None:
        @bounded
        @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
        def send(case: Case[Any]) -> None:
            response = case.call_and_validate(
                base_url=service.url, headers=bearer(caller), checks=CHECKS, timeout=30
            )
            contract.check(
                case.method,
                urlsplit(str(response.request.url)).path,
                status=response.status_code,
                headers={name: values[0] for name, values in response.headers.items()},
                body=response.content,
            )
            sign_in_again(caller, response.status_code)

        send()


# Whoever lacks the permission is refused before the body is read.
OPEN_TO_ANYBODY = [
    name
    for name, operation in OPERATIONS.items()
    if operation.body and "x-permission" not in operation.definition.raw
]


class TestHostileText:
    @pytest.mark.parametrize(
        "name",
        [n for n, o in OPERATIONS.items() if o.body and "x-permission" not in o.definition.raw],
    )
    def test_is_refused_wherever_it_stands(
        self, service: Service, caller: Account, name: str
    ) -> None:
        operation = OPERATIONS[name]
        schema = operation.definition.raw["requestBody"]["content"]["application/json"]["schema"]
        reference = next(
            node["$ref"] for node in [schema, *schema.get("anyOf", ())] if "$ref" in node
        )
        fields = contract.document()["components"]["schemas"][reference.rsplit("/", 1)[1]]

        @bounded
        @given(values=st.fixed_dictionaries(dict.fromkeys(fields["properties"], HOSTILE)))
        def send(values: dict[str, str]) -> None:
            assert_refused_or_taken(caller.client, operation.method, operation.path, caller, values)

        send()


def assert_refused_or_taken(
    client: ApiClient, method: str, path: str, caller: Account, body: Any
) -> None:
    """Fail unless text that cannot be stored is refused as such; the client checks the rest."""
    answer = client.call(
        method.upper(), path, body=json.dumps(body).encode(), headers=bearer(caller)
    )
    # As JSON has it: two surrogates that happen to be a pair are one letter.
    text = "".join(json.loads(json.dumps(value)) for value in body.values())
    unstorable = "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)
    sign_in_again(caller, answer.status)
    assert answer.status < 500
    if unstorable and answer.status != 401:
        assert (answer.status, answer.code) == (400, "invalid_json")
