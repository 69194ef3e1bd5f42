"""The app of mails."""

from django.apps import AppConfig


class MailsConfig(AppConfig):
    """Registers ``backend.mails``."""

    name = "backend.mails"
