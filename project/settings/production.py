"""Differences for production: nothing is guessed, cookies travel over https only."""

from project import env
from project.settings.base import *  # noqa: F403  (a settings module is its base plus differences)
from project.settings.base import JWT_KEYS, SECRET_KEY

env.require(SECRET_KEY=SECRET_KEY, JWT_KEYS=JWT_KEYS)

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SILENCED_SYSTEM_CHECKS = [
    "security.W001",  # backend.core.http.security_headers does the work of SecurityMiddleware
    "security.W002",  # and of XFrameOptionsMiddleware
    "security.W003",  # backend.core.http.outside_api checks CSRF where there are cookies
    "security.W008",  # the proxy in front redirects to https
]

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
