"""``just prod``: the production server, from its first line to its last."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.processes import free_port
from tests.project.commands import CLEAN
from tests.project.test_preflight import GOOD
from tests.service import Service
from tests.service_databases import own_database
from tests.waiting import wait_for

pytestmark = pytest.mark.postgresql


@dataclass
class Production:
    """A production server and what it has said."""

    url: str
    process: subprocess.Popen[bytes]
    said: Path

    def answers(self) -> bool:
        assert self.process.poll() is None, self.said.read_text()
        try:
            return requests.get(f"{self.url}/api/v1/health/live/", timeout=2).ok
        except requests.ConnectionError:
            return False


@contextmanager
def started(tree: Path, **variables: str) -> Iterator[Production]:
    """The production server of a copy of the project."""
    port, said = free_port(), tree / "said"
    environment = {**CLEAN, **variables, "PROD_HOST": "127.0.0.1", "PROD_PORT": port}
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "project.prod"],
            cwd=tree,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Production(f"http://127.0.0.1:{port}", process, said)
    finally:
        process.terminate()
        process.wait(40)


class TestProd:
    def test_refuses_to_start_what_the_preflight_refuses(self, tree: Path) -> None:
        with started(tree) as production:
            assert production.process.wait(30) == 1
            assert "SECRET_KEY: must be set in production" in production.said.read_text()

    def test_serves_hashed_files_writes_json_and_ends_with_status_0(self, tree: Path) -> None:
        with own_database() as database:
            variables = {**GOOD, **database, "DB_PASSWORD": database["DB_PASSWORD"] or "any"}
            variables |= {"ALLOWED_HOSTS": "127.0.0.1", "REDIS_URL": "redis://127.0.0.1:1/0"}
            Service.command({**CLEAN, **variables}, "migrate", "--verbosity", "0")
            with started(tree, **variables) as production:
                wait_for(production.answers, 30)
                page = requests.get(f"{production.url}/api/v1/docs/", timeout=5).text
                (script,) = re.findall(r'src="(/static/api/swagger\.[0-9a-f]{12}\.js)"', page)
                packed = requests.get(production.url + script, timeout=5)
                assert packed.headers["Content-Encoding"] == "gzip"
                assert "immutable" in packed.headers["Cache-Control"]
                assert requests.get(f"{production.url}/api/v1/users/me/", timeout=5).ok is False
                production.process.terminate()
                assert production.process.wait(30) == 0
                first, *lines = production.said.read_text().splitlines()
        assert first == "Ready for production."
        assert all(isinstance(json.loads(line), dict) for line in lines)
        assert any("/api/v1/users/me/" in line for line in lines)
