"""What is demanded of every answer to a generated request."""

from typing import Any
from urllib.parse import urlsplit

import schemathesis
from schemathesis import Case, CheckContext, Response

from backend.testing import contract
from tests.fuzz.disturbances import is_unstorable


@schemathesis.check
def keeps_the_contract(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """The suite's own checker: exact headers, codes and schemas."""
    contract.check(
        case.method,
        urlsplit(str(response.request.url)).path,
        status=response.status_code,
        headers={name: values[0] for name, values in response.headers.items()},
        body=response.content,
    )


@schemathesis.check
def refuses_unstorable_text(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """It is refused wherever it stands, by every operation that reads a body."""
    is_read = case.method == case.operation.method.upper()
    if is_read and is_unstorable(case.body) and response.status_code < 400:
        raise AssertionError("text that cannot be stored was taken")


NAMES = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
    "use_after_free",
    keeps_the_contract.__name__,
    refuses_unstorable_text.__name__,
]
