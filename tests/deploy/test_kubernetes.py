import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml
from dotenv import dotenv_values

import project
from tests.deploy import dockerfile, truth
from tests.service import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAY = FOLDER / "overlays" / "production"
# The oldest that is still looked after; a field that it does not know yet is of no use.
KUBERNETES = "1.34"

type Document = dict[str, Any]


def documents(path: Path) -> list[Document]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def patches() -> set[Path]:
    """Files that are part of a manifest only."""
    return {
        path.parent / patch["path"]
        for path in FOLDER.rglob("kustomization.yaml")
        for patch in documents(path)[0].get("patches", [])
    }


FILES = sorted(set(FOLDER.rglob("*.yaml")) - {*FOLDER.rglob("kustomization.yaml")} - patches())


def name_of(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def find(everything: list[Document], kind: str) -> dict[str, Document]:
    return {
        document["metadata"]["name"]: document
        for document in everything
        if document["kind"] == kind
    }


def pods(everything: list[Document]) -> dict[str, Document]:
    """What the pods of each workload are made from."""
    workloads = find(everything, "Deployment") | find(everything, "Job")
    return {name: workload["spec"]["template"] for name, workload in workloads.items()}


def container(pod: Document) -> Document:
    (only,) = pod["spec"]["containers"]
    found: Document = only
    return found


def probes(everything: list[Document]) -> Iterator[Document]:
    for pod in pods(everything).values():
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            if kind in container(pod):
                yield container(pod)[kind]["httpGet"]


WRITTEN = [document for path in FILES for document in documents(path)]


class TestManifest:
    """As it is written, before kustomize."""

    @pytest.mark.parametrize("path", FILES, ids=name_of)
    def test_fits_the_schema(self, path: Path) -> None:
        for document in documents(path):
            kubernetes_validate.validate(document, KUBERNETES, strict=True)

    def test_is_listed(self) -> None:
        for path in FOLDER.rglob("kustomization.yaml"):
            (kustomization,) = documents(path)
            listed = {entry for entry in kustomization["resources"] if entry.endswith(".yaml")}
            listed |= {patch["path"] for patch in kustomization.get("patches", [])}
            assert listed == {file.name for file in path.parent.glob("*.yaml")} - {path.name}

    def test_starts_commands_that_there_are(self) -> None:
        commands = {
            name: container(pod)["args"]
            for name, pod in pods(WRITTEN).items()
            if "args" in container(pod)
        }
        assert set(commands) == {"worker", "scheduler", "migrate"}
        assert [name for name, words in commands.items() if not truth.is_command(words)] == []

    def test_asks_for_health_where_it_is_told(self) -> None:
        assert {probe["path"] for probe in probes(WRITTEN)} == {
            "/api/v1/health/live/",
            "/api/v1/health/ready/",
        }
        assert {probe["path"] for probe in probes(WRITTEN)} <= truth.PATHS

    def test_asks_the_port_of_the_server(self) -> None:
        (port,) = container(pods(WRITTEN)["web"])["ports"]
        assert port["containerPort"] == truth.default("PROD_PORT")
        assert {probe["port"] for probe in probes(WRITTEN)} == {port["name"]}
        (service,) = find(WRITTEN, "Service").values()
        assert [entry["targetPort"] for entry in service["spec"]["ports"]] == [port["name"]]

    def test_waits_until_a_pod_has_stopped(self) -> None:
        graces = [pod["spec"]["terminationGracePeriodSeconds"] for pod in pods(WRITTEN).values()]
        assert [grace for grace in graces if grace <= 30] == []

    def test_reserves_and_limits(self) -> None:
        for name, pod in pods(WRITTEN).items():
            resources = container(pod)["resources"]
            assert set(resources["requests"]) == set(resources["limits"]) == {"cpu", "memory"}, name

    def test_chooses_pods_that_there_are(self) -> None:
        labels = [pod["metadata"]["labels"] for pod in pods(WRITTEN).values()]
        selectors = [
            document["spec"]["selector"].get("matchLabels", document["spec"]["selector"])
            for document in WRITTEN
            if "selector" in document.get("spec", {})
        ]
        assert len(selectors) == 5
        assert [selector for selector in selectors if selector not in labels] == []

    def test_scales_what_there_is(self) -> None:
        (scaler,) = find(WRITTEN, "HorizontalPodAutoscaler").values()
        target = scaler["spec"]["scaleTargetRef"]
        assert "replicas" not in find(WRITTEN, target["kind"])[target["name"]]["spec"]

    def test_adds_up_the_connections_to_the_database(self) -> None:
        """The comment in front of the autoscaler."""
        text = (FOLDER / "base" / "web.yaml").read_text()
        (said,) = re.findall(r"(\d+) as it stands here, (\d+) more during a rollout", text)
        (scaler,) = find(WRITTEN, "HorizontalPodAutoscaler").values()
        deployments = find(WRITTEN, "Deployment")
        values = dotenv_values(FOLDER / "base" / "config.env")
        threads = int(str(truth.default("GUNICORN_THREADS")))
        pod = int(values["GUNICORN_WORKERS"] or 0) * (threads + 1)
        wanted = (
            scaler["spec"]["maxReplicas"] * pod
            + deployments["worker"]["spec"]["replicas"] * (threads + 1)
            + deployments["scheduler"]["spec"]["replicas"]
        )
        assert said == (str(wanted), str(pod))


class TestVariables:
    @pytest.mark.parametrize(
        "path",
        [FOLDER / "base" / "config.env", OVERLAY / "config.env", OVERLAY / "secret.env.example"],
        ids=name_of,
    )
    def test_are_read_by_somebody(self, path: Path) -> None:
        named = set(re.findall(r"(?m)^#? ?([A-Z][A-Z_]+)=", path.read_text()))
        assert named
        assert named <= truth.VARIABLES

    def test_pass_the_preflight_once_they_are_filled_in(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        values: dict[str, object] = {}
        for path in (FOLDER / "base" / "config.env", OVERLAY / "config.env"):
            values |= dotenv_values(path)
        for name, example in dotenv_values(OVERLAY / "secret.env.example").items():
            values[name] = example or truth.FILLED_IN[name]
        assert truth.faults(monkeypatch, values) == []

    def test_let_the_probes_in(self) -> None:
        allowed = dotenv_values(OVERLAY / "config.env")["ALLOWED_HOSTS"] or ""
        asked = {header["value"] for probe in probes(WRITTEN) for header in probe["httpHeaders"]}
        assert asked == {"web"}
        assert asked <= set(allowed.split(","))

    def test_hold_no_secret(self) -> None:
        assert not any(
            dotenv_values(OVERLAY / "secret.env.example")[name]
            for name in ("SECRET_KEY", "JWT_KEYS", "DB_PASSWORD")
        )
        assert "secret.env" in (FOLDER / ".gitignore").read_text().splitlines()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> list[Document]:
    """What kustomize makes of the overlay."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("there is no kubectl to render with; the single files were checked")
    copy = tmp_path_factory.mktemp("rendered") / "kubernetes"
    shutil.copytree(FOLDER, copy)
    overlay = copy / OVERLAY.relative_to(FOLDER)
    shutil.copy(overlay / "secret.env.example", overlay / "secret.env")
    command = [kubectl, "kustomize", str(overlay)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return [document for document in yaml.safe_load_all(result.stdout) if document]


class TestOverlay:
    def test_fits_the_schema(self, rendered: list[Document]) -> None:
        assert len(rendered) == len(WRITTEN) + 2  # ConfigMap and Secret are generated
        for document in rendered:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)

    def test_runs_one_image_of_this_version(self, rendered: list[Document]) -> None:
        (image,) = {container(pod)["image"] for pod in pods(rendered).values()}
        assert image == f"registry.example.com/backend:{project.__version__}"
        assert truth.is_pinned(image)

    def test_gives_every_pod_its_values(self, rendered: list[Document]) -> None:
        (configuration,), (secret,) = find(rendered, "ConfigMap"), find(rendered, "Secret")
        for name, pod in pods(rendered).items():
            assert container(pod)["envFrom"] == [
                {"configMapRef": {"name": configuration}},
                {"secretRef": {"name": secret}},
            ], name

    def test_confines_every_pod(self, rendered: list[Document]) -> None:
        user = int(dockerfile.stages()[-1].values("USER")[-1].partition(":")[0])
        for name, pod in pods(rendered).items():
            assert pod["spec"]["securityContext"]["runAsNonRoot"], name
            assert pod["spec"]["securityContext"]["runAsUser"] == user, name
            assert not pod["spec"]["automountServiceAccountToken"], name
            assert not pod["spec"]["enableServiceLinks"], name
            assert container(pod)["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }, name
            assert container(pod)["volumeMounts"] == [{"mountPath": "/tmp", "name": "tmp"}], name

    def test_chooses_no_pods_of_others(self, rendered: list[Document]) -> None:
        for document in rendered:
            spec = document.get("spec", {})
            selector = spec.get("selector") or spec.get("podSelector")
            if selector:
                labels = selector.get("matchLabels", selector)
                assert labels["app.kubernetes.io/name"] == "backend", document["metadata"]["name"]

    def test_stands_in_one_namespace(self, rendered: list[Document]) -> None:
        (namespace,) = find(rendered, "Namespace")
        assert {
            document["metadata"]["namespace"]
            for document in rendered
            if document["kind"] != "Namespace"
        } == {namespace}

    def test_can_be_applied_in_two_steps(self, rendered: list[Document]) -> None:
        """First what the migrations need, then the rest: docs/containers.md."""
        first = {
            document["kind"]
            for document in rendered
            if document["metadata"]["labels"].get("app.kubernetes.io/component")
            in {"configuration", "migrate"}
        }
        assert first == {"Namespace", "ConfigMap", "Secret", "Job"}
