import json
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

import project
from tests.deploy import dockerfile, truth
from tests.service import ROOT

HADOLINT = Path(sys.prefix, "bin", "hadolint")
READY = "/api/v1/health/ready/"


class TestDockerfile:
    def test_has_nothing_that_hadolint_minds(self) -> None:
        if not HADOLINT.exists():
            pytest.skip("the environment was not set up by ./just: it has no hadolint")
        command = [HADOLINT, ROOT / "Dockerfile"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (0, "")

    def test_names_every_base_to_its_last_number(self) -> None:
        names = {stage.name for stage in dockerfile.stages()}
        bases = {stage.base for stage in dockerfile.stages()} - names
        assert bases
        assert [base for base in bases if not truth.is_pinned(base)] == []

    def test_installs_nothing_without_its_hash(self) -> None:
        commands = [
            command
            for stage in dockerfile.stages()
            for value in stage.values("RUN")
            for command in value.split("&&")
            if re.search(r"\bpip (install|sync)\b", command)
        ]
        assert commands
        assert [command for command in commands if "--require-hashes" not in command] == []

    def test_copies_what_is_there_and_not_ignored(self) -> None:
        sources = {
            source
            for stage in dockerfile.stages()
            for value in stage.values("COPY")
            if not value.startswith("--from")
            for source in value.split()[:-1]
        }
        assert [source for source in sources if not (ROOT / source).exists()] == []
        assert sources == let_in()


def let_in() -> set[str]:
    """What ``.dockerignore`` does not ignore."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return {line.removeprefix("!") for line in lines if line.startswith("!")}


class TestDockerignore:
    def test_ignores_all_but_what_it_names(self) -> None:
        rules = [
            line
            for line in (ROOT / ".dockerignore").read_text().splitlines()
            if line and not line.startswith("#")
        ]
        assert rules[0] == "*"
        assert [rule for rule in rules[1:] if not rule.startswith("!")] == ["**/__pycache__"]


class TestImage:
    """The last stage."""

    image = dockerfile.stages()[-1]

    def test_runs_as_nobody_in_particular(self) -> None:
        users = self.image.values("USER")
        assert users
        assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", users[-1])

    def test_is_what_the_label_says(self) -> None:
        (labels,) = self.image.values("LABEL")
        assert f'image.version="{project.__version__}"' in labels

    def test_becomes_the_server_which_gets_the_signals(self) -> None:
        (command,) = self.image.values("CMD")
        assert truth.is_command(json.loads(command))  # a list: no shell stands between
        assert self.image.values("STOPSIGNAL") == ["SIGTERM"]
        assert self.image.values("EXPOSE") == [str(truth.default("PROD_PORT"))]

    def test_has_a_health_check(self) -> None:
        (check,) = self.image.values("HEALTHCHECK")
        assert truth.is_command(json.loads(check.partition("CMD ")[2]))

    def test_leaves_the_tools_behind(self) -> None:
        copied = [value for value in self.image.values("COPY") if "--from" in value]
        assert [value.split()[-2:] for value in copied] == [["/opt/venv"] * 2, ["/app"] * 2]
        assert "uv" not in " ".join(self.image.values("RUN"))

    def test_never_falls_back_to_development(self) -> None:
        assert "DJANGO_SETTINGS_MODULE=project.settings.production" in self.image.values("ENV")


class Server(HTTPServer):
    """Answers with its status, and remembers what it was asked."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str | None]] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def health_check(port: int, **environment: str) -> int:
    command = [sys.executable, str(ROOT / "deploy" / "healthcheck.py")]
    environment["PROD_PORT"] = str(port)
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


class TestHealthCheck:
    def test_fails_without_a_server(self) -> None:
        assert health_check(1) != 0

    def test_fails_while_the_server_is_not_ready(self, server: Server) -> None:
        server.status = 503
        assert health_check(server.server_port) != 0

    @pytest.mark.parametrize(
        ("hosts", "name"),
        [("api.example.com,web", "api.example.com"), (".example.com", "example.com")],
    )
    def test_asks_by_a_name_that_is_answered(self, server: Server, hosts: str, name: str) -> None:
        assert health_check(server.server_port, ALLOWED_HOSTS=hosts) == 0
        assert server.asked == [(READY, name)]

    def test_asks_what_there_is(self) -> None:
        assert READY in truth.PATHS
