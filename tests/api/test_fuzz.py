"""Thousands of generated requests, the same ones each time: a seed keeps what was found found.

``./just fuzz`` sends more of the kind.
"""

from collections.abc import Iterator
from copy import deepcopy

import pytest

from backend.testing import contract
from tests.fuzz import callers, runs
from tests.fuzz.tally import Tally, table
from tests.service import UNCOUNTED, Service, running

# Of thousands of requests that are much alike, coverage costs more than it tells.
pytestmark = pytest.mark.no_cover
EXAMPLES = 20
SEED = 1


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """One of its own: a superuser's requests spare nobody."""
    with running(**UNCOUNTED, LOG_LEVEL="ERROR") as started:
        yield started


class TestGeneratedRequest:
    @pytest.mark.parametrize("name", callers.NAMES)
    @pytest.mark.parametrize("phase", runs.PHASES)
    def test_gets_what_the_document_declares(self, service: Service, phase: str, name: str) -> None:
        tally = runs.run(
            contract.document(),
            service.url,
            phase,
            callers.caller(name, service),
            examples=EXAMPLES,
            seed=SEED,
        )
        assert tally.cases > EXAMPLES / 2  # examples are as many as the document has
        assert not tally.failures, tally.complaints()


class TestRun:
    def test_shows_how_to_repeat_what_it_finds(self, service: Service) -> None:
        document = deepcopy(contract.document())
        document["paths"] = {"/api/v1/users/me/": document["paths"]["/api/v1/users/me/"]}
        del document["paths"]["/api/v1/users/me/"]["get"]["responses"]["200"]
        user = callers.caller(callers.USER, service)
        tally = runs.run(document, service.url, "coverage", user, examples=1, seed=SEED)
        assert {(label, check) for label, check, _ in tally.failures} == {
            ("GET /api/v1/users/me/", "status_code_conformance")
        }
        (command,) = tally.commands.values()
        assert command.startswith("curl -X GET")
        assert '-H "Authorization: Bearer $TOKEN"' in command
        assert command.endswith("http://127.0.0.1:8000/api/v1/users/me/")


class TestTable:
    def test_adds_up(self) -> None:
        user, superuser = Tally("fuzzing", "signed in"), Tally("fuzzing", "superuser")
        user.statuses.update({"2xx": 3, "4xx": 2})
        superuser.statuses.update({"2xx": 1})
        superuser.fail("GET /", "not_a_server_error", "Server error", "curl -X GET /long")
        superuser.fail("GET /", "not_a_server_error", "Server error", "curl -X GET /")
        lines = [line.split() for line in table([user, superuser]).splitlines()]
        assert lines[0] == [
            "phase",
            "caller",
            "cases",
            "failures",
            "2xx",
            "3xx",
            "4xx",
            "5xx",
            "none",
        ]
        assert lines[2] == ["fuzzing", "superuser", "1", "2", "1", "0", "0", "0", "0"]
        assert lines[3] == ["all", "6", "2", "4", "0", "2", "0", "0"]
        assert superuser.complaints().endswith("Server error\n  curl -X GET /\n")
