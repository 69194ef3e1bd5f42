"""The committed document, as Redocly's recommended rules see it."""

from tests.clients import node
from tests.service import ROOT

QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


class TestDocument:
    def test_is_one_that_redocly_would_write(self) -> None:
        node.prepare()
        folder = ROOT / "tests" / "api"
        linter = node.PACKAGE / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"
        options = ["--config", str(folder / "redocly.yaml"), str(folder / "openapi.json")]
        said = node.run("node", str(linter), "lint", "--format=json", *options, variables=QUIET)
        assert '"problems": []' in said, said
