import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from backend.api.v1 import api
from backend.testing import contract
from backend.testing.client import ApiClient
from tests.service import ROOT, Service, running

PAGES = ["docs/", "redoc/"]
OURS = ["api/swagger.js", "api/redoc.js", "api/documents.css"]


class Parts(HTMLParser):
    """What a page loads, and what it carries inline."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self._inside = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if name in {"src", "href", "action", "data-schema"} and value:
                self.addresses.append(value)
            if name.startswith("on") or name == "style":
                self.inline.append(f"{name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in {"script", "style"} and data.strip():
            self.inline.append(data)


class TestPage:
    @pytest.mark.parametrize("path", PAGES)
    def test_is_public_html_under_its_policy(self, client: ApiClient, path: str) -> None:
        answer = client.get(path)
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert api.title.encode() in answer.body
        assert "script-src 'self'" in answer.headers["content-security-policy"]

    @pytest.mark.parametrize("path", PAGES)
    def test_carries_no_script_and_no_style_inline(self, client: ApiClient, path: str) -> None:
        assert Parts(client.get(path).body).inline == []

    @pytest.mark.parametrize("path", PAGES)
    def test_loads_everything_from_the_service(self, client: ApiClient, path: str) -> None:
        addresses = Parts(client.get(path).body).addresses
        assert "/api/v1/schema/" in addresses
        assert sum(address.endswith(".js") for address in addresses) == 2
        for address in addresses:
            assert address.startswith("/")
            assert not address.startswith("//")
            assert client.call("HEAD", address).status == 200

    @pytest.mark.parametrize("name", OURS)
    def test_has_assets_that_load_nothing_from_elsewhere(self, name: str) -> None:
        found = finders.find(name)
        assert found
        loads = r"""(?:url\(|@import|import\(|fetch\(|src=)\s*["']?(?:https?:)?//"""
        assert re.findall(loads, Path(found).read_text()) == []

    def test_is_where_the_root_leads(self, client: ApiClient) -> None:
        answer = client.get("/")
        assert (answer.status, answer.headers["location"]) == (302, "/api/v1/docs/")


class TestSchema:
    def test_is_the_document(self, client: ApiClient) -> None:
        answer = client.get("schema/")
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.json == contract.document()

    def test_is_the_committed_file(self) -> None:
        checked = subprocess.run(
            [sys.executable, "manage.py", "openapi", "--check"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stderr
        assert json.loads((ROOT / "tests/api/openapi.json").read_text()) == contract.document()


class TestApiDocs:
    def test_when_false_takes_the_documents_away(self) -> None:
        with running(API_DOCS="false") as bare:
            caller = bare.client()
            for path in ("docs/", "redoc/", "schema/"):
                answer = caller.get(path)
                assert (answer.status, answer.code) == (404, "not_found")
            assert caller.get("/").status == 404
            assert caller.get("health/live/").status == 200

    def test_when_true_serves_them_and_their_files(self, service: Service) -> None:
        caller = service.client()
        for path in PAGES:
            for address in Parts(caller.get(path).body).addresses:
                assert caller.get(address).status == 200
