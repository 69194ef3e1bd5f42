"""The WSGI entry point that gunicorn serves."""

import django
from django.core.cache import caches
from django.urls import get_resolver

from backend.core.http.handler import Handler
from project.env import choose_settings

choose_settings()
django.setup(set_prefix=False)
application = Handler()

# Everything is imported before the first request, which would otherwise wait for it.
get_resolver().url_patterns  # noqa: B018
getattr(caches["default"], "client", None)  # Redis's, which is not connected yet
