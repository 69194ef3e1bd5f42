"""Every URL: the API under ``/api/v1/``, admin site, documents, metrics, development's pages."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from backend.api import v1

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", v1.api.urls),
    path("admin/", admin.site.urls),
]

if settings.API_DOCS:
    urlpatterns += [
        path("api/v1/", include("backend.api.documents")),
        path("", RedirectView.as_view(pattern_name="documents:swagger")),
    ]

if settings.METRICS_TOKEN:
    urlpatterns.append(path("", include("backend.health.metrics")))

if settings.SERVES_LINK_PAGES:
    urlpatterns.append(path("", include("backend.api.link_pages")))
