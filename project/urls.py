"""Every URL: the API's versions, admin site, documents, metrics, development's pages."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from backend.api import v1, version

urlpatterns: list[URLPattern | URLResolver] = [
    *version.mount(v1.api),
    path("admin/", admin.site.urls),
]

if settings.API_DOCS:
    urlpatterns.append(path("", RedirectView.as_view(pattern_name="v1-documents:swagger")))

if settings.METRICS_TOKEN:
    urlpatterns.append(path("", include("backend.health.metrics")))

if settings.SERVES_LINK_PAGES:
    urlpatterns.append(path("", include("backend.api.link_pages")))
