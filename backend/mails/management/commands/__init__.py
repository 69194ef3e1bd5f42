"""``python manage.py mails``."""
