import re
import subprocess
import sys
from functools import cache
from ipaddress import ip_network
from typing import Any

import pytest
import yaml

import project
from tests.deploy import dockerfile, truth
from tests.service import ROOT

DEVELOPMENT, PRODUCTION = "compose.yaml", "compose.production.yaml"
FILES = [DEVELOPMENT, PRODUCTION]
BOTH = pytest.mark.parametrize("file", FILES)

# Of the other images.
THEIR_VARIABLES = {"POSTGRES_DB", "POSTGRES_PASSWORD"}
# Of the files themselves.
COMPOSE_VARIABLES = {
    "BACKEND_IMAGE",
    "CONTAINER_USER",
    "EDGE_SUBNET",
    "TLS_CERTIFICATE",
    "TLS_CERTIFICATE_KEY",
}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}")

type Service = dict[str, Any]


def text(file: str) -> str:
    return (ROOT / file).read_text()


@cache
def document(file: str) -> dict[str, Any]:
    """The file as it is when an operator has filled in what it asks for."""

    def value(match: re.Match[str]) -> str:
        default = match["text"] if match["kind"] == "-" else ""
        return truth.FILLED_IN.get(match["name"], default)

    loaded: dict[str, Any] = yaml.safe_load(VARIABLE.sub(value, text(file)))
    return loaded


def services(file: str) -> dict[str, Service]:
    found: dict[str, Service] = document(file)["services"]
    return found


def ours(file: str) -> dict[str, Service]:
    return {name: service for name, service in services(file).items() if "build" in service}


@BOTH
class TestComposeFile:
    def test_fits_the_schema(self, file: str) -> None:
        schema = ["--builtin-schema", "vendor.compose-spec"]
        command = [sys.executable, "-m", "check_jsonschema", *schema, str(ROOT / file)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout

    def test_sets_variables_that_somebody_reads(self, file: str) -> None:
        for name, service in services(file).items():
            known = THEIR_VARIABLES
            if "build" in service:
                known = truth.VARIABLES | truth.PYTHON_VARIABLES
            assert set(service.get("environment", {})) <= known, name

    def test_asks_for_variables_that_there_are(self, file: str) -> None:
        asked_for = {match["name"] for match in VARIABLE.finditer(text(file))}
        assert asked_for <= truth.VARIABLES | COMPOSE_VARIABLES

    def test_starts_commands_that_there_are(self, file: str) -> None:
        commands: dict[str, str | list[str]] = {
            name: service.get("entrypoint") or service["command"]
            for name, service in ours(file).items()
            if {"entrypoint", "command"} & set(service)
        }
        assert {"worker", "scheduler", "migrate"} <= set(commands)
        assert [name for name, words in commands.items() if not truth.is_command(words)] == []

    def test_names_every_image_to_its_last_number(self, file: str) -> None:
        images = {service["image"] for service in services(file).values()}
        assert {image for image in images if not truth.is_pinned(image)} <= {"backend:development"}

    def test_waits_for_what_can_be_waited_for(self, file: str) -> None:
        (has_a_check,) = dockerfile.stages()[-1].values("HEALTHCHECK")
        assert has_a_check
        healthy_by_image = {"web"} if file == PRODUCTION else set()
        for name, service in services(file).items():
            for other, how in service.get("depends_on", {}).items():
                if how["condition"] == "service_healthy":
                    checked = "healthcheck" in services(file)[other] or other in healthy_by_image
                    assert checked, f"{name} waits for {other}"
                else:
                    assert (how["condition"], other) == (
                        "service_completed_successfully",
                        "migrate",
                    )

    def test_keeps_the_data_in_volumes(self, file: str) -> None:
        named = set(document(file)["volumes"])
        mounted = {
            volume.partition(":")[0]
            for service in services(file).values()
            for volume in service.get("volumes", [])
        }
        assert named <= mounted
        assert "postgres" in named


class TestDevelopment:
    def test_is_reached_from_this_machine_alone(self) -> None:
        ports = [
            port for service in services(DEVELOPMENT).values() for port in service.get("ports", [])
        ]
        assert ports
        assert [port for port in ports if not port.startswith("127.0.0.1:")] == []

    def test_publishes_the_port_of_the_server(self) -> None:
        assert services(DEVELOPMENT)["web"]["ports"] == [
            f"127.0.0.1:{truth.default('DEV_PORT')}:{truth.default('DEV_PORT')}"
        ]

    def test_is_built_with_the_tools(self) -> None:
        targets = {service["build"]["target"] for service in ours(DEVELOPMENT).values()}
        assert targets == {"development"}
        assert targets <= {stage.name for stage in dockerfile.stages()}

    def test_tells_the_tests_of_the_servers_and_nothing_else(self) -> None:
        environment = services(DEVELOPMENT)["tests"]["environment"]
        assert set(environment) == {"DB_HOST", "DB_PASSWORD", "REDIS_URL"}
        assert environment.items() <= services(DEVELOPMENT)["web"]["environment"].items()

    def test_has_the_services_that_recipes_start(self) -> None:
        started = re.findall(r"\{\{ compose \}\} (?:run --rm|exec) (\w+)", text("justfile"))
        assert len(started) == 3
        assert set(started) <= set(services(DEVELOPMENT))


class TestProduction:
    def test_publishes_nothing_but_the_proxy(self) -> None:
        published = {name for name, service in services(PRODUCTION).items() if "ports" in service}
        assert published == {"proxy"}

    def test_keeps_the_servers_where_only_the_service_is(self) -> None:
        assert document(PRODUCTION)["networks"]["data"]["internal"]
        for name in ("postgres", "redis-cache", "redis-tasks"):
            assert services(PRODUCTION)[name]["networks"] == ["data"]
        assert services(PRODUCTION)["proxy"]["networks"] == ["edge"]

    def test_passes_the_preflight_once_it_is_filled_in(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert truth.faults(monkeypatch, services(PRODUCTION)["web"]["environment"]) == []

    def test_tells_what_is_not_filled_in(self) -> None:
        told = {
            match["name"] for match in VARIABLE.finditer(text(PRODUCTION)) if match["kind"] == "?"
        }
        assert told == {*truth.FILLED_IN, "TLS_CERTIFICATE", "TLS_CERTIFICATE_KEY"}

    def test_trusts_the_network_of_the_proxy(self) -> None:
        (configuration,) = document(PRODUCTION)["networks"]["edge"]["ipam"]["config"]
        environment = services(PRODUCTION)["web"]["environment"]
        assert environment["TRUSTED_PROXIES"] == configuration["subnet"]
        assert ip_network(configuration["subnet"]).is_private

    def test_runs_one_image_of_this_version(self) -> None:
        assert {service["image"] for service in ours(PRODUCTION).values()} == {
            f"backend:{project.__version__}"
        }

    def test_hashes_as_many_passwords_as_it_has_cores(self) -> None:
        web = services(PRODUCTION)["web"]
        limits = web["deploy"]["resources"]["limits"]
        assert web["environment"]["PYTHON_CPU_COUNT"] == limits["cpus"]

    def test_leaves_the_proxy_what_it_needs_and_no_more(self) -> None:
        may = {
            name: service["cap_add"]
            for name, service in services(PRODUCTION).items()
            if "cap_add" in service
        }
        assert may == {"proxy": ["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"]}

    @pytest.mark.parametrize("name", sorted(services(PRODUCTION)))
    def test_confines(self, name: str) -> None:
        service = services(PRODUCTION)[name]
        assert service["read_only"]
        assert "/tmp" in service["tmpfs"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")

    @pytest.mark.parametrize("name", sorted(ours(PRODUCTION)))
    def test_waits_until_it_has_stopped(self, name: str) -> None:
        assert int(services(PRODUCTION)[name]["stop_grace_period"].removesuffix("s")) > 30

    def test_never_drops_a_task(self) -> None:
        redis = services(PRODUCTION)["redis-tasks"]
        assert "--maxmemory-policy noeviction" in redis["command"]
        assert "--appendonly yes" in redis["command"]
        assert redis["volumes"] == ["tasks:/data"]
        environment = services(PRODUCTION)["web"]["environment"]
        assert environment["TASKS_REDIS_URL"] == "redis://redis-tasks:6379/0"
        assert environment["REDIS_URL"] == "redis://redis-cache:6379/0"

    def test_forgets_first_what_expires_first(self) -> None:
        assert "--maxmemory-policy volatile-ttl" in services(PRODUCTION)["redis-cache"]["command"]
