"""The WSGI entry point that gunicorn serves."""

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from project.env import choose_settings

choose_settings()
application = get_wsgi_application()

# Everything is imported before the first request, which would otherwise wait for it.
get_resolver().url_patterns  # noqa: B018
