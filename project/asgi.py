"""The ASGI entry point, for servers that want one; the service itself is synchronous."""

from django.core.asgi import get_asgi_application

from project.env import choose_settings

choose_settings()
application = get_asgi_application()
