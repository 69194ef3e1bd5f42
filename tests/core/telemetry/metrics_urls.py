"""The project's URLs with the metrics of a service that has a token; see ``test_metrics``."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("backend.health.metrics")),
    path("", include("tests.core.http.failing_urls")),
]
