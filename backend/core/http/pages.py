"""Refusals for people with a browser, outside the API."""

from django.http import HttpResponse

from backend.core.errors import DomainError


def refusal(error: DomainError) -> HttpResponse:
    """One sentence, as plain text."""
    return HttpResponse(
        error.message,
        status=error.status,
        content_type="text/plain; charset=utf-8",
        headers=dict(error.headers),
    )
