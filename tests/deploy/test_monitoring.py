"""Alerts, dashboard and table of metrics name what the service exports, and nothing else."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.audit.models import Event
from backend.core.telemetry import metrics
from backend.core.telemetry.metrics import Counter, Gauge, Histogram, Metric
from backend.tasks import registry
from backend.tasks.models import State
from tests.service import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "backend.json").read_text())
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
TARGETS: list[dict[str, Any]] = [target for panel in PANELS for target in panel["targets"]]
EXPRESSIONS: list[str] = [
    *(rule["expr"] for rule in ALERTS),
    *(target["expr"] for target in TARGETS),
]
PAGE = (ROOT / "docs" / "monitoring.md").read_text()
OPERATIONS = ROOT / "docs" / "operations.md"

OF_PROMETHEUS = {"job", "instance"}
# What a label can be, where a list decides.
VALUES: dict[tuple[str, str], set[str]] = {
    ("security_events_total", "type"): {*Event},
    ("logins_total", "outcome"): {"succeeded", "failed"},
    ("rate_limit_hits_total", "outcome"): {"allowed", "refused", "fallback"},
    ("breaker_open", "name"): {"database", "redis", "tasks"},
    ("password_hashes", "stage"): {"waiting", "under way"},
    ("tasks", "state"): {State.WAITING, State.RUNNING, State.PARKED},
    ("tasks", "queue"): registry.queues(),
}
SELECTOR = re.compile(r"(?P<name>backend_\w+)\s*(?:\{(?P<selector>[^}]*)\})?")
MATCHER = re.compile(r'(?P<label>\w+)\s*(?P<how>=~|!~|!=|=)\s*"(?P<value>[^"]*)"')
PROMTOOL = shutil.which("promtool")


def exported() -> dict[str, Metric]:
    """Every name that a scrape can hold, without its prefix."""
    found: dict[str, Metric] = {}
    for metric in metrics.every():
        parts = ("_bucket", "_sum", "_count") if isinstance(metric, Histogram) else ("",)
        found |= {f"{metric.name}{part}": metric for part in parts}
    return found


def labels_of(name: str) -> set[str]:
    """The labels of an exported name."""
    own = {"le"} if name.endswith("_bucket") else set()
    return {*exported()[name].labels} | own | OF_PROMETHEUS


def selected(expression: str) -> Iterator[tuple[str, list[re.Match[str]]]]:
    """Each name in an expression, and what is asked of its labels."""
    for match in SELECTOR.finditer(expression):
        name = match["name"].removeprefix(metrics.PREFIX)
        yield name, [*MATCHER.finditer(match["selector"] or "")]


def grouped(expression: str) -> set[str]:
    """The labels that an expression keeps."""
    lists = re.findall(r"\b(?:by|without|on)\s*\(([^)]*)\)", expression)
    return {name.strip() for found in lists for name in found.split(",")}


@pytest.mark.parametrize("expression", EXPRESSIONS)
class TestExpression:
    def test_names_what_is_exported(self, expression: str) -> None:
        names = {name for name, _ in selected(expression)}
        assert names or "up{" in expression
        assert names <= exported().keys()

    def test_asks_for_labels_that_there_are(self, expression: str) -> None:
        for name, asked in selected(expression):
            assert {match["label"] for match in asked} <= labels_of(name), name

    def test_asks_for_values_that_there_can_be(self, expression: str) -> None:
        for name, asked in selected(expression):
            for match in asked:
                known = VALUES.get((name, match["label"]))
                assert known is None or match["value"] in known, match[0]

    def test_keeps_labels_that_there_are(self, expression: str) -> None:
        there = set(chain.from_iterable(labels_of(name) for name, _ in selected(expression)))
        assert grouped(expression) <= there

    def test_sums_no_reading(self, expression: str) -> None:
        """Every instance tells the same of the database."""
        for reading in (m.name for m in metrics.every() if isinstance(m, metrics.Reading)):
            assert not re.search(rf"\b(sum|avg|count)\b[^)]*backend_{reading}\b", expression)

    def test_has_its_brackets_in_order(self, expression: str) -> None:
        assert [expression.count(c) for c in "({["] == [expression.count(c) for c in ")}]"]


class TestAlert:
    @pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
    def test_says_what_and_where_to_read_on(self, rule: dict[str, Any]) -> None:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert (page, bool(anchor)) == ("docs/operations.md", True)
        assert f"`{rule['alert']}`" in PAGE, "docs/monitoring.md is the list"

    @pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
    def test_shows_labels_that_it_has(self, rule: dict[str, Any]) -> None:
        shown = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        kept = grouped(rule["expr"]) or OF_PROMETHEUS
        assert shown <= kept

    @pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
    def test_leads_to_a_chapter_of_the_runbook(self, rule: dict[str, Any]) -> None:
        headings = re.findall(r"(?m)^#+ (.+)$", OPERATIONS.read_text())
        anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}
        assert rule["annotations"]["runbook_url"].partition("#")[2] in anchors

    def test_has_a_name_of_its_own(self) -> None:
        names = [rule["alert"] for rule in ALERTS]
        assert len({*names}) == len(names)


class TestDashboard:
    @pytest.mark.parametrize("target", TARGETS, ids=lambda target: target["legendFormat"])
    def test_shows_labels_that_it_has(self, target: dict[str, Any]) -> None:
        shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert shown <= (grouped(target["expr"]) or OF_PROMETHEUS)

    def test_names_alerts_that_there_are(self) -> None:
        named = set(re.findall(r"Alert: (\w+)", json.dumps(DASHBOARD)))
        assert named <= {rule["alert"] for rule in ALERTS}

    def test_places_every_panel(self) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in DASHBOARD["panels"]:
            at = panel["gridPos"]
            cells = {
                (column, line)
                for column in range(at["x"], at["x"] + at["w"])
                for line in range(at["y"], at["y"] + at["h"])
            }
            assert at["x"] + at["w"] <= 24
            assert not cells & taken, panel["title"]
            taken |= cells
        assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])

    def test_asks_the_chosen_prometheus(self) -> None:
        for part in (*PANELS, *TARGETS):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all('job=~"$job"' in target["expr"] for target in TARGETS)


class TestMetric:
    @pytest.mark.parametrize("metric", metrics.every(), ids=lambda metric: metric.name)
    def test_is_looked_at(self, metric: Metric) -> None:
        used = {exported()[name].name for text in EXPRESSIONS for name, _ in selected(text)}
        assert metric.name in used, "what nobody looks at costs all the same"

    @pytest.mark.parametrize("metric", metrics.every(), ids=lambda metric: metric.name)
    def test_is_explained(self, metric: Metric) -> None:
        kinds: dict[type[Metric], str] = {Counter: "counter", Histogram: "histogram"}
        kind = kinds.get(type(metric), "gauge")
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        assert f"| `{metrics.PREFIX}{metric.name}` | {kind} | {labels} |" in PAGE

    def test_is_one_that_there_is(self) -> None:
        listed = set(re.findall(r"(?m)^\| `backend_(\w+)` \|", PAGE))
        assert listed == {metric.name for metric in metrics.every()}

    def test_follows_the_conventions(self) -> None:
        for metric in metrics.every():
            assert metric.name.endswith("_total") == isinstance(metric, Counter)
            assert not isinstance(metric, Histogram) or metric.name.endswith("_seconds")
            assert not isinstance(metric, Gauge) or metric.over.startswith("live")


class TestScrapeConfiguration:
    def test_fits_the_service(self) -> None:
        jobs = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]
        for job in jobs:
            assert job["metrics_path"] == "/metrics"
            assert job["authorization"].keys() == {"credentials_file"}, "a Bearer is the default"
        assert {job["job_name"] for job in jobs} == {"backend", "backend-worker"}
        assert all(re.fullmatch("backend.*", job["job_name"]) for job in jobs), "BackendDown"


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not on PATH")
class TestPromtool:
    @pytest.mark.parametrize(
        "command",
        [
            "check rules alerts.yml",
            "test rules alerts_test.yml",
            "check config --syntax-only prometheus.yml",
        ],
    )
    def test_agrees(self, command: str) -> None:
        self.run(*command.split(), folder=PROMETHEUS)

    def test_can_parse_the_dashboard(self, tmp_path: Path) -> None:
        rules = [
            {
                "record": f"panel:{number}",
                "expr": target["expr"].replace("$__rate_interval", "5m").replace("$job", ".*"),
            }
            for number, target in enumerate(TARGETS)
        ]
        path = tmp_path / "panels.yml"
        path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
        self.run("check", "rules", str(path), folder=tmp_path)

    def run(self, *arguments: str, folder: Path) -> None:
        assert PROMTOOL
        ended = subprocess.run(
            [PROMTOOL, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
