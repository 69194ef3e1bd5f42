"""Scrapes for the tests: what a service has counted, by name and labels."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

import project.urls  # noqa: F401  (as they are without a token)
from backend.testing.client import Answer, ApiClient

TOKEN = "scraping-token-0123456789"
PATH = "/metrics"


@dataclass(frozen=True)
class Scrape:
    """The values of one scrape."""

    values: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    def value(self, name: str, /, **labels: str) -> float | None:
        """One value; None if it is not told."""
        return self.values.get((f"backend_{name}", frozenset(labels.items())))

    def since(self, before: "Scrape", name: str, /, **labels: str) -> float:
        """How much one value has risen."""
        return (self.value(name, **labels) or 0) - (before.value(name, **labels) or 0)

    @property
    def names(self) -> set[str]:
        """The names of all values."""
        return {name for name, _ in self.values}

    @property
    def labels(self) -> set[tuple[str, str]]:
        """Every label and its value, wherever it stands."""
        return {pair for _, labels in self.values for pair in labels}


def ask(client: ApiClient, authorization: str | None = f"Bearer {TOKEN}") -> Answer:
    """Ask for the metrics."""
    headers = {} if authorization is None else {"Authorization": authorization}
    return client.get(PATH, headers=headers)


def scrape(client: ApiClient) -> Scrape:
    """Read the metrics."""
    answer = ask(client)
    assert answer.status == 200, answer
    return read(answer.body)


def read(text: bytes) -> Scrape:
    """The values in a text; the library's own parser takes it."""
    families = text_string_to_metric_families(text.decode())
    return Scrape(
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }
    )
