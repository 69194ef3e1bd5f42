import json
from datetime import UTC, date, datetime

import pytest

from backend.core import examples
from backend.testing.accounts import Account
from backend.testing.client import Answer, ApiClient
from backend.testing.contract import Contract, document
from backend.testing.limits import Limits
from tests.api import v2
from tests.api.document import JSON, operations
from tests.conftest import Lines

pytestmark = [pytest.mark.urls("tests.api.versions_urls"), pytest.mark.django_db]

ME = "/api/v2/users/me/"


def checked(answer: Answer, contract: Contract, method: str, path: str) -> Answer:
    """The answer, which the second version's document declares."""
    contract.check(method, path, status=answer.status, headers=answer.headers, body=answer.body)
    return answer


@pytest.fixture(name="contract")
def contract_of_v2() -> Contract:
    return Contract(json.loads(json.dumps(v2.api.get_openapi_schema())))


class TestSecondVersion:
    def test_answers_beside_the_first(self, account: Account, contract: Contract) -> None:
        answer = checked(account.client.get(ME, token=account.access), contract, "GET", ME)
        assert answer.json == {"name": " "}
        assert account.client.get("users/me/", token=account.access).json["email"] == account.email

    def test_has_the_routers_that_it_does_not_change(
        self, account: Account, contract: Contract
    ) -> None:
        path = "/api/v2/auth/sessions/"
        answer = checked(account.client.get(path, token=account.access), contract, "GET", path)
        assert len(answer.json["results"]) == 1

    def test_has_a_document_and_pages_of_its_own(self, client: ApiClient) -> None:
        served = client.get("/api/v2/schema/").json
        assert {path[:8] for path in served["paths"]} == {"/api/v2/"}
        assert "Name" in served["components"]["schemas"]
        for page in ("docs", "redoc"):
            assert b'data-schema="/api/v2/schema/"' in client.get(f"/api/v2/{page}/").body

    def test_leaves_the_first_as_it_was(self, client: ApiClient) -> None:
        assert client.get("schema/").json == document()
        assert b'data-schema="/api/v1/schema/"' in client.get("docs/").body
        assert client.get("/").headers["location"] == "/api/v1/docs/"

    def test_refuses_in_the_envelope(self, client: ApiClient, contract: Contract) -> None:
        refused = checked(client.get(ME), contract, "GET", ME)
        assert (refused.status, refused.code) == (401, "not_authenticated")
        assert client.get("/api/v2/users/nobody/").code == "not_found"
        assert client.post(ME).code == "method_not_allowed"

    def test_stands_behind_the_gate(self, account: Account, limits: Limits) -> None:
        limits.set(default=(1, 60))
        answer = account.client.get(ME, token=account.access)
        assert answer.headers["ratelimit"].startswith('"default";r=0')
        assert account.client.get(ME, token=account.access).code == "throttled"
        too_large = account.client.post(GREET, b"x", headers={"Content-Length": "9999999"})
        assert too_large.code == "payload_too_large"

    @pytest.mark.parametrize("path", ["/api/v2/users/me/", "/api/v2/auth/sessions/"])
    def test_keeps_answers_about_accounts_out_of_caches(self, account: Account, path: str) -> None:
        answer = account.client.get(path, token=account.access)
        assert "no-store" in answer.headers["cache-control"]


GREET = f"/api/v2/users/{examples.USER_ID}/greet/"
COUNT = "/api/v2/users/count/"
DATES = {"deprecation": "@1795478400", "sunset": "Sat, 01 May 2027 00:00:00 GMT"}


class TestDeprecatedOperation:
    def test_says_so_in_every_answer(self, account: Account, contract: Contract) -> None:
        own = GREET.replace(examples.USER_ID, account.me().json["id"])
        for path, token, status in [
            (GREET, account.access, 204),
            (GREET, None, 401),
            (own, account.access, 409),
        ]:
            answer = checked(account.client.post(path, token=token), contract, "POST", path)
            assert answer.status == status
            assert DATES.items() <= answer.headers.items()

    def test_says_so_where_the_gate_refuses(self, client: ApiClient, limits: Limits) -> None:
        limits.set(default=(1, 60))
        client.get(COUNT)
        refused = client.get(COUNT)
        assert (refused.status, refused.code) == (429, "throttled")
        assert DATES.items() <= refused.headers.items()

    def test_leads_to_what_replaces_it(self, client: ApiClient) -> None:
        link = f'</api/v3/{examples.USER_ID}/>; rel="successor-version"'
        assert client.post(GREET).headers["link"] == link

    def test_leads_nowhere_if_nothing_replaces_it(
        self, client: ApiClient, contract: Contract
    ) -> None:
        answer = checked(client.get(COUNT), contract, "GET", COUNT)
        assert "link" not in answer.headers
        assert DATES.items() <= answer.headers.items()

    def test_is_so_in_the_document(self, contract: Contract) -> None:
        greet, count = contract.find("POST", GREET), contract.find("GET", COUNT)
        assert greet
        assert count
        assert greet["deprecated"] is count["deprecated"] is True
        assert greet["x-deprecation"] == {
            "since": "2026-11-24",
            "sunset": "2027-05-01",
            "replacement": "/api/v3/{user_id}/",
        }
        until = "Deprecated since 2026-11-24, and gone from 2027-05-01 on."
        assert greet["description"].endswith(f"{until} Use `/api/v3/{{user_id}}/` instead.")
        assert count["description"].endswith(until)
        for status, response in greet["responses"].items():
            declared = {"Deprecation", "Sunset", "Link"} & contract.resolve(response)[
                "headers"
            ].keys()
            assert declared == {"Deprecation", "Sunset", "Link"}, status

    def test_names_its_callers_in_the_log(self, account: Account, log_lines: Lines) -> None:
        account.client.post(GREET, token=account.access, headers={"User-Agent": "old/1.0"})
        account.client.get(COUNT)
        found = [line for line in log_lines() if line["message"] == "deprecated operation called"]
        seen = [
            (line["operation"], line["user_id"] is not None, line["user_agent"]) for line in found
        ]
        assert seen == [("users.greet", True, "old/1.0"), ("users.count", False, "")]
        assert all(line["client"] == "127.0.0.1" and line["request_id"] for line in found)

    def test_is_alone_in_that(self, account: Account, log_lines: Lines) -> None:
        answer = account.client.get(ME, token=account.access)
        assert not {"deprecation", "sunset", "link"} & answer.headers.keys()
        assert "deprecated operation called" not in str(log_lines())


def overdue(document: JSON, today: date) -> list[str]:
    """The operations that are still there, though they were to be gone."""
    return [
        operation["operationId"]
        for operation in operations(document)
        if today
        >= date.fromisoformat(operation.get("x-deprecation", {"sunset": "9999-12-31"})["sunset"])
    ]


class TestSunset:
    def test_is_kept(self) -> None:
        """Removal is a release: take the operation away, or give it a later day."""
        assert overdue(document(), datetime.now(UTC).date()) == []

    def test_that_has_passed_is_found(self, contract: Contract) -> None:
        assert overdue(contract.document, date(2027, 4, 30)) == []
        assert sorted(overdue(contract.document, date(2027, 5, 1))) == [
            "users.count",
            "users.greet",
        ]
