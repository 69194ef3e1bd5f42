from collections.abc import Iterator
from unittest.mock import patch
from uuid import UUID

import pytest
from django.http import Http404, HttpRequest
from django.test import RequestFactory
from django.urls import URLPattern, get_resolver

from backend.core.http import handler

HANDLER = handler.Handler()
SOMEBODY = UUID(int=7)


def asked_for(path: str) -> HttpRequest:
    return RequestFactory().get(path)


@pytest.fixture
def tried() -> Iterator[list[str]]:
    """The paths that are held against patterns."""
    found: list[str] = []
    resolve = URLPattern.resolve

    def noted(pattern: URLPattern, path: str) -> object:
        found.append(path)
        return resolve(pattern, path)

    handler._resolve.cache_clear()
    with patch.object(URLPattern, "resolve", noted):
        yield found


class TestPath:
    @pytest.mark.parametrize(
        "path", ["/api/v1/users/me/", f"/api/v1/users/{SOMEBODY}/", "/admin/login/"]
    )
    def test_leads_where_django_leads(self, path: str) -> None:
        request = asked_for(path)
        for _ in range(2):
            found = HANDLER.resolve_request(request)
            expected = get_resolver().resolve(path)
            assert found.func is expected.func
            assert found.kwargs == expected.kwargs
            assert request.resolver_match is found

    def test_is_found_at_once_the_second_time(self, tried: list[str]) -> None:
        HANDLER.resolve_request(asked_for("/api/v1/users/me/"))
        assert tried
        tried.clear()
        HANDLER.resolve_request(asked_for("/api/v1/users/me/"))
        assert tried == []

    def test_to_nowhere_is_not_kept(self, tried: list[str]) -> None:
        for number in range(2):
            with pytest.raises(Http404):
                HANDLER.resolve_request(asked_for(f"/nothing/{number}/"))
        assert tried
        assert handler._resolve.cache_info().currsize == 0
