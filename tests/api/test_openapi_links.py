"""Links of the document lead somewhere: operations, parameters and fields that exist."""

from typing import Any

import pytest

from backend.api.openapi.links import LINKS
from backend.testing import contract

OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation
    for path in contract.document()["paths"].values()
    for operation in path.values()
}
LEADS = [
    pytest.param(OPERATIONS[source], link, id=f"{source} {name}")
    for source, links in LINKS.items()
    for name, link in links.items()
]


@pytest.mark.parametrize(("source", "link"), LEADS)
class TestLink:
    def test_stands_at_a_success(self, source: dict[str, Any], link: dict[str, Any]) -> None:
        standing = [s for s, answer in source["responses"].items() if "links" in answer]
        assert len(standing) == 1
        assert standing[0].startswith("2")
        assert link in source["responses"][standing[0]]["links"].values()

    def test_gives_what_its_operation_takes(
        self, source: dict[str, Any], link: dict[str, Any]
    ) -> None:
        target = OPERATIONS[link["operationId"]]
        resolve = contract.published().resolve
        assert {*link.get("parameters", {})} <= {resolve(p)["name"] for p in target["parameters"]}
        if "requestBody" in link:
            body = resolve(target["requestBody"]["content"]["application/json"]["schema"])
            assert {*body.get("required", ())} <= {*link["requestBody"]} <= {*body["properties"]}
