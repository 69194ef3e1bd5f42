"""The project's URLs with the pages of development; see ``test_link_pages``."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("backend.api.link_pages")),
    path("", include("project.urls")),
]
