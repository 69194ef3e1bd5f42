"""The Prometheus library behind one door: what counts, and the text that a scrape is answered with.

Import it only where there is a ``METRICS_TOKEN``, and not before gunicorn's workers are forked.
"""

from collections.abc import Iterable, Iterator
from hmac import compare_digest
from typing import Any, NamedTuple

import prometheus_client
from django.conf import settings
from prometheus_client import CollectorRegistry, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from backend.core.telemetry import metrics, metrics_folder
from backend.core.telemetry.metrics import Gauge, Histogram, Metric, Reading

__all__ = ["CONTENT_TYPE", "Value", "child", "permits", "render"]

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # its omission
# Chosen here, since by itself the library would tell processes apart by their ids.
values.ValueClass = (
    values.MultiProcessValue(metrics_folder.place)  # type: ignore[no-untyped-call]
    if metrics_folder.path()
    else values.MutexValue
)
_own = CollectorRegistry()


class Value(NamedTuple):
    """One value of a ``Reading``."""

    metric: Reading
    value: float
    labels: tuple[str, ...] = ()


def permits(authorization: str) -> bool:
    """Whether a header carries the token; it takes as long for every wrong one."""
    scheme, _, token = authorization.partition(" ")
    given, expected = token.encode(errors="replace"), settings.METRICS_TOKEN.encode()
    return compare_digest(given, expected) and scheme.lower() == "bearer"


def child(metric: Metric, labels: tuple[str, ...]) -> Any:
    """What this process counts in, for one set of labels."""
    collector = _collectors[metric]
    return collector.labels(*labels) if labels else collector


def render(read: Iterable[Value] = ()) -> bytes:
    """The text of all that the processes of this server have counted, and of what was read."""
    for metric in metrics.every():
        for labels in metric.expected:
            metrics.child(metric, *labels)
    if folder := metrics_folder.path():
        counted = CollectorRegistry()
        MultiProcessCollector(counted, path=folder)  # type: ignore[no-untyped-call]
    else:
        counted = _own
    return generate_latest(counted) + generate_latest(_readings(read))


def _collector(metric: Metric) -> Any:
    about: dict[str, Any] = {
        "name": metrics.PREFIX + metric.name,
        "documentation": metric.meaning,
        "labelnames": metric.labels,
        "registry": _own,
    }
    match metric:
        case Histogram():
            return prometheus_client.Histogram(**about, buckets=metric.buckets)
        case Gauge():
            return prometheus_client.Gauge(**about, multiprocess_mode=metric.over)
        case _:
            return prometheus_client.Counter(**about)


class _Readings(Collector):
    def __init__(self, read: Iterable[Value]) -> None:
        self._read = read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[Metric, GaugeMetricFamily] = {}
        for metric, value, labels in self._read:
            if metric not in families:
                name = metrics.PREFIX + metric.name
                families[metric] = GaugeMetricFamily(name, metric.meaning, labels=metric.labels)
            families[metric].add_metric(labels, value)
        yield from families.values()


def _readings(read: Iterable[Value]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Readings(read))
    return registry


# All at once: of threads that count for the first time, two could make the same one.
_collectors = {
    metric: _collector(metric) for metric in metrics.every() if not isinstance(metric, Reading)
}
