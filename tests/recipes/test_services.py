import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import processes, servers, services
from tests.servers import Server, Unavailable
from tests.services import FOUND, NAMED, Choice, decide, exports

STARTED = processes.ORIGIN
ROOT = Path(__file__).resolve().parents[2]


def postgresql(host: str = "127.0.0.1", *, origin: str = FOUND) -> Server:
    variables = {"DB_HOST": host, "DB_PORT": "5432", "DB_USER": "postgres", "DB_PASSWORD": "p"}
    return Server(name="PostgreSQL", version="15.1", origin=origin, variables=variables)


def redis(host: str = "127.0.0.1", *, origin: str = FOUND) -> Server:
    variables = {"REDIS_URL": f"redis://{host}/0", "TASKS_REDIS_URL": f"redis://{host}/1"}
    return Server(name="Redis", version="7.0.1", origin=origin, variables=variables)


class Process(processes.Process):
    """One that runs nothing and tells whether it has been stopped."""

    def __init__(self) -> None:
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True


class World:
    """The servers that answer and the programs that can be started, as a test wants them."""

    def __init__(self) -> None:
        self.answering: set[str] = set()
        self.programs: set[str] = set()
        self.asked: list[tuple[str, ...]] = []
        self.process = Process()

    def ask_postgresql(self, host: str, *more: str, origin: str) -> Server:
        self.asked.append((host, *more))
        return self._server("postgresql", postgresql(host, origin=origin), host)

    def ask_redis(self, url: str, tasks_url: str = "", *, origin: str) -> Server:
        self.asked.append((url, tasks_url))
        host = urlsplit(url).hostname or ""
        return self._server("redis", redis(host, origin=origin), host)

    def start_postgresql(self) -> Server:
        return self._started("postgresql", postgresql(origin=STARTED))

    def start_redis(self) -> Server:
        return self._started("redis", redis(origin=STARTED))

    def _server(self, name: str, server: Server, host: str) -> Server:
        if f"{name} {host}" not in self.answering:
            raise Unavailable(name, f"not at {host}")
        return server

    def _started(self, name: str, server: Server) -> Server:
        if name not in self.programs:
            raise Unavailable(name, "no program")
        return Server(**{**vars(server), "process": self.process})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(servers, "ask_postgresql", world.ask_postgresql)
    monkeypatch.setattr(servers, "ask_redis", world.ask_redis)
    monkeypatch.setattr(processes, "start_postgresql", world.start_postgresql)
    monkeypatch.setattr(processes, "start_redis", world.start_redis)
    return world


LOCAL = {"postgresql 127.0.0.1", "redis 127.0.0.1"}
BOTH = {"postgresql", "redis"}
REMOTE = {"DB_HOST": "db", "REDIS_URL": "redis://cache:6379/0"}


class TestDecide:
    def test_takes_the_servers_that_the_environment_names(self, world: World) -> None:
        world.answering = {"postgresql db", "redis cache", *LOCAL}
        assert decide(REMOTE).found == (
            postgresql("db", origin=NAMED),
            redis("cache", origin=NAMED),
        )

    def test_asks_with_all_the_environment_says(self, world: World) -> None:
        more = {"DB_PORT": "5433", "DB_USER": "u", "DB_PASSWORD": "p", "TASKS_REDIS_URL": "t"}
        decide(REMOTE | more)
        assert ("db", "5433", "u", "p") in world.asked
        assert ("redis://cache:6379/0", "t") in world.asked

    def test_takes_those_on_localhost(self, world: World) -> None:
        world.answering, world.programs = LOCAL, BOTH
        assert decide({}).found == (postgresql(), redis())
        assert ("127.0.0.1", "5432", "postgres", "") in world.asked

    def test_tries_the_password_of_libpq_there(self, world: World) -> None:
        world.answering = LOCAL
        decide({"PGPASSWORD": "secret"})
        assert ("127.0.0.1", "5432", "postgres", "secret") in world.asked

    def test_takes_localhost_where_the_named_ones_are_away(self, world: World) -> None:
        world.answering = LOCAL
        assert decide(REMOTE).found == (postgresql(), redis())

    def test_starts_programs_where_nothing_answers(self, world: World) -> None:
        world.programs = BOTH
        assert [server.origin for server in decide({}).found] == [STARTED, STARTED]

    @pytest.mark.parametrize("missing", ["postgresql", "redis"])
    def test_starts_only_what_is_missing(self, world: World, missing: str) -> None:
        world.answering = {*LOCAL} - {f"{missing} 127.0.0.1"}
        world.programs = BOTH
        started = [server.name.lower() for server in decide({}).found if server.process]
        assert started == [missing]

    def test_is_embedded_where_there_is_nothing(self, world: World) -> None:
        choice = decide({})
        assert choice.found == ()
        assert "redis: no program" in choice.reasons

    @pytest.mark.parametrize("there", ["postgresql", "redis"])
    def test_is_embedded_rather_than_half_real(self, world: World, there: str) -> None:
        world.answering = {f"{there} 127.0.0.1"}
        assert decide({}).found == ()

    def test_stops_a_server_that_is_of_no_use_alone(self, world: World) -> None:
        world.programs = {"redis"}
        assert decide({}).found == ()
        assert world.process.stopped

    def test_is_embedded_on_request(self, world: World) -> None:
        world.answering, world.programs = LOCAL, BOTH
        assert decide({"TEST_SERVICES": "embedded", "CI": "true"}) == Choice()
        assert world.asked == []

    def test_refuses_a_request_it_does_not_know(self, world: World) -> None:
        with pytest.raises(pytest.UsageError, match="TEST_SERVICES"):
            decide({"TEST_SERVICES": "embeded"})

    def test_fails_in_ci_where_there_is_nothing(self, world: World) -> None:
        with pytest.raises(pytest.UsageError, match=r"CI=true wants .*redis: no program"):
            decide({"CI": "true"})


class TestChoice:
    def test_says_where_both_come_from(self) -> None:
        choice = Choice(found=(postgresql(), redis()))
        assert str(choice) == "PostgreSQL 15.1 and Redis 7.0.1 (found on localhost)"

    def test_says_where_each_comes_from(self) -> None:
        choice = Choice(found=(postgresql(), redis(origin=STARTED)))
        expected = "PostgreSQL 15.1 (found on localhost) and Redis 7.0.1 (started here)"
        assert str(choice) == expected

    def test_says_why_it_is_embedded(self) -> None:
        choice = Choice(reasons=("Redis: away",))
        assert str(choice) == "embedded (SQLite, memory); Redis: away"


class TestExports:
    def test_lead_the_settings_to_the_servers(self) -> None:
        variables = exports(Choice(found=(postgresql("db"), redis("cache"))), keep_database=False)
        assert variables["DB_HOST"] == "db"
        assert variables["REDIS_URL"] == "redis://cache/0"
        assert variables["TASKS_REDIS_URL"] == "redis://cache/1"

    def test_empty_what_is_not_there(self) -> None:
        variables = exports(Choice(), keep_database=False)
        assert variables["DB_HOST"] == variables["REDIS_URL"] == variables["TASKS_REDIS_URL"] == ""

    def test_never_name_a_database_or_a_key_twice(self) -> None:
        first, second = (exports(Choice(), keep_database=False) for _ in range(2))
        for name in ("TEST_DB_NAME", "TEST_KEY_PREFIX"):
            assert first[name] != second[name]

    def test_name_one_database_that_is_kept(self) -> None:
        assert exports(Choice(), keep_database=True)["TEST_DB_NAME"] == "test_backend_kept"

    def test_name_no_database_but_that_of_the_tests(self) -> None:
        variables = exports(Choice(found=(postgresql(), redis())), keep_database=False)
        assert variables["DB_NAME"] == variables["TEST_DB_NAME"]


class TestThisSession:
    """The plugin at work, in whatever way these tests run."""

    def test_has_a_prefix_of_its_own_in_every_worker(self) -> None:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        assert os.environ["TEST_KEY_PREFIX"].count(":") == 1 + bool(worker)
        assert worker in os.environ["TEST_KEY_PREFIX"]

    def test_knows_what_it_has_started(self) -> None:
        ours = {name for name, started in services.STARTED.items() if started}
        assert ours == {*os.environ["TEST_STARTED"].split()}

    def test_says_on_what_it_runs_and_selects_by_type(self) -> None:
        command = [sys.executable, "-m", "tests", "-t", "integration", "tests/recipes"]
        result = subprocess.run(
            [*command, "--", "--collect-only"],
            cwd=ROOT,
            env=os.environ | {"TEST_SERVICES": "embedded", "PYTEST_XDIST_WORKER": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "\nservices: embedded (SQLite, memory)\n" in result.stdout
        assert "test_is_integration_with_a_database" in result.stdout
        assert "test_is_unit_without_anything" not in result.stdout


@pytest.fixture
def mute() -> Iterator[str]:
    """The port of a server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


class TestAsk:
    def test_has_a_limit_that_is_not_the_drivers(self) -> None:
        end = threading.Event()
        with pytest.raises(TimeoutError):
            servers.within(0.05, lambda: end.wait(5))
        end.set()

    def test_gives_up_on_a_server_that_says_nothing(
        self, mute: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(servers, "PROBE_SECONDS", 0.1)
        with pytest.raises(Unavailable):
            servers.ask_postgresql("127.0.0.1", mute, origin="")
        with pytest.raises(Unavailable):
            servers.ask_redis(f"redis://127.0.0.1:{mute}/0", origin="")

    @pytest.mark.parametrize("url", ["redis://:hunter2@127.0.0.1:1/0", "redis://:hunter2@[/x"])
    def test_tells_no_password(self, url: str) -> None:
        with pytest.raises(Unavailable) as refusal:
            servers.ask_redis(url, origin="")
        assert "hunter2" not in str(refusal.value)


class TestStart:
    """Skipped where the programs are not installed, which is the answer under test there."""

    def test_runs_a_postgresql_that_leaves_nothing_behind(self) -> None:
        server = self.started(processes.start_postgresql)
        again = servers.ask_postgresql("127.0.0.1", server.variables["DB_PORT"], origin="")
        assert again.version == server.version
        self.assert_gone_after_stop(server)

    def test_runs_a_redis_that_leaves_nothing_behind(self) -> None:
        server = self.started(processes.start_redis)
        assert server.variables["TASKS_REDIS_URL"].endswith("/1")
        with servers.redis_client(server.variables["REDIS_URL"]) as client:
            client.set("test-1:a", 1)
            client.set("other", 1)
            services.remove_keys([server.variables["REDIS_URL"]], "test-1:")
            assert client.keys() == [b"other"]
        self.assert_gone_after_stop(server)

    def test_says_what_a_program_said_when_it_failed(self) -> None:
        process = processes.Process("Thing")
        process.run(sys.executable, "-c", "print('no such luck')").wait()

        def ask() -> Server:
            raise Unavailable("Thing", "away")

        with pytest.raises(Unavailable, match="Thing: no such luck"):
            process.wait_for(ask)
        process.stop()
        assert not process.folder.exists()

    @staticmethod
    def started(start: Callable[[], Server]) -> Server:
        try:
            return start()
        except Unavailable as reason:
            pytest.skip(str(reason))

    @staticmethod
    def assert_gone_after_stop(server: Server) -> None:
        process = server.process
        assert process
        assert process.popen
        process.stop()
        assert process.popen.poll() is not None
        assert not process.folder.exists()
