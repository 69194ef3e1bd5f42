from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from backend.mails.links import Page, address


class TestAddress:
    @pytest.mark.parametrize(
        ("page", "expected"),
        [
            (Page.VERIFY_EMAIL, "https://www.example.com/verify-email?token=abc"),
            (Page.RESET_PASSWORD, "https://www.example.com/reset-password?token=abc"),
            (Page.NOT_ME, "https://www.example.com/not-me?token=abc"),
        ],
    )
    def test_is_a_page_of_the_frontend(self, settings: Settings, page: Page, expected: str) -> None:
        settings.FRONTEND_URL = "https://www.example.com"
        assert address(page, "abc") == expected

    def test_is_below_the_path_where_the_frontend_is(self, settings: Settings) -> None:
        settings.FRONTEND_URL = "https://www.example.com/shop"
        assert address(Page.NOT_ME, "abc") == "https://www.example.com/shop/not-me?token=abc"

    @pytest.mark.parametrize("token", ["a+b/c=", "a&b=c#d e", "ä%", "a-b_c.d~e"])
    def test_carries_any_token_unharmed(self, token: str) -> None:
        url = urlsplit(address(Page.VERIFY_EMAIL, token))
        assert parse_qs(url.query, strict_parsing=True) == {"token": [token]}
        assert url.fragment == ""
        assert "/" not in url.query

    def test_is_none_without_a_frontend(self, settings: Settings) -> None:
        settings.FRONTEND_URL = ""
        with pytest.raises(ImproperlyConfigured, match="FRONTEND_URL") as refused:
            address(Page.NOT_ME, "s3cret")
        assert "s3cret" not in str(refused.value)
