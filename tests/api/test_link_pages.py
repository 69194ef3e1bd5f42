import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from pytest_django import Settings

from backend.mails.links import Page, address
from backend.testing import contract
from backend.testing.client import ApiClient
from tests.api.test_documents import Parts
from tests.project.commands import python
from tests.project.test_settings import PRODUCTION

# Where the button of each page posts what.
OPERATIONS: dict[Page, tuple[str, set[str]]] = {
    Page.VERIFY_EMAIL: ("/api/v1/auth/email/verify/", set()),
    Page.RESET_PASSWORD: (
        "/api/v1/auth/password/reset/confirm/",
        {"password", "password_confirm"},
    ),
    Page.NOT_ME: ("/api/v1/auth/not-me/", set()),
}
EACH = pytest.mark.parametrize("page", Page)


class Form(HTMLParser):
    """The elements of a page, by tag, each with its attributes."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(page.decode())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))


class TestPage:
    @pytest.fixture(autouse=True)
    def _development(self, settings: Settings) -> None:
        settings.ROOT_URLCONF = "tests.api.link_page_urls"
        settings.FRONTEND_URL = ""

    @EACH
    def test_is_where_links_lead(self, client: ApiClient, settings: Settings, page: Page) -> None:
        settings.FRONTEND_URL = "http://testserver"
        answer = client.get(address(page, "the-token").removeprefix("http://testserver"))
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "script-src 'self'" in answer.headers["content-security-policy"]

    @EACH
    def test_repeats_nothing_of_its_address(self, client: ApiClient, page: Page) -> None:
        answer = client.get(f"{page}?token=the-token%22%3E%3Cb%3E&x=the-token")
        assert b"the-token" not in answer.body

    @EACH
    def test_changes_nothing_before_the_button(self, client: ApiClient, page: Page) -> None:
        form = Form(client.get(page).body)
        assert [attributes.get("method") for attributes in form.all("form")] == ["post"]
        assert len(form.all("button")) == 1
        assert not any("http-equiv" in attributes for attributes in form.all("meta"))
        assert client.call("POST", page).status in {403, 405}

    @EACH
    def test_posts_to_its_operation(self, client: ApiClient, page: Page) -> None:
        form = Form(client.get(page).body)
        (attributes,) = form.all("form")
        operation, fields = OPERATIONS[page]
        assert attributes["data-operation"] == operation
        assert {field["name"] for field in form.all("input")} == fields

    @EACH
    def test_posts_what_its_operation_takes(self, page: Page) -> None:
        path, fields = OPERATIONS[page]
        operation = contract.document()["paths"][path]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = contract.document()["components"]["schemas"][name]
        assert schema["properties"].keys() == fields | {"token"}

    @EACH
    def test_tells_where_each_fault_is(self, client: ApiClient, page: Page) -> None:
        form = Form(client.get(page).body)
        ids = {attributes.get("id") for _, attributes in form.elements}
        assert {"failure", "success"} <= ids
        labels = {label["for"] for label in form.all("label")}
        for field in form.all("input"):
            assert field["id"] == field["name"]
            assert field["id"] in labels
            assert field["aria-describedby"] == f"{field['name']}-error"
            assert field["aria-describedby"] in ids
            assert (field["type"], field["autocomplete"]) == ("password", "new-password")

    @EACH
    def test_gives_its_token_to_nobody(self, client: ApiClient, page: Page) -> None:
        form = Form(client.get(page).body)
        named = {meta.get("name"): meta.get("content") for meta in form.all("meta")}
        assert named["referrer"] == "no-referrer"
        assert form.all("a") == []

    @EACH
    def test_loads_everything_from_the_service(self, client: ApiClient, page: Page) -> None:
        parts = Parts(client.get(page).body)
        assert parts.inline == []
        assert any(name.endswith(".js") for name in parts.addresses)
        assert any(name.endswith(".css") for name in parts.addresses)
        for name in parts.addresses:
            assert name.startswith("/static/")
            assert client.call("HEAD", name).status == 200

    @pytest.mark.parametrize("name", ["api/link-pages.js", "api/link-pages.css"])
    def test_has_assets_that_ask_nobody_else(self, name: str) -> None:
        found = finders.find(name)
        assert found
        assert re.findall(r"(?:https?:)?//[a-z]", Path(found).read_text()) == []


class TestServesLinkPages:
    TELL = """
import json, django
from project.env import choose_settings
choose_settings()
django.setup()
from django.urls import Resolver404, resolve
from backend.mails.links import Page
def is_there(page):
    try:
        return bool(resolve(page))
    except Resolver404:
        return False
print(json.dumps([is_there(page) for page in Page]))
"""

    @pytest.mark.parametrize(
        ("variables", "served"),
        [
            ({}, True),
            ({"FRONTEND_URL": "http://localhost:3000"}, False),
            (PRODUCTION, False),
            ({**PRODUCTION, "FRONTEND_URL": "https://www.example.com"}, False),
        ],
        ids=["development", "with a frontend", "production", "production with a frontend"],
    )
    def test_is_for_development_without_a_frontend(
        self, tree: Path, variables: dict[str, str], served: bool
    ) -> None:
        ended = python("-c", self.TELL, folder=tree, **variables)
        assert ended.returncode == 0, ended.stderr
        assert json.loads(ended.stdout) == [served] * len(Page)
