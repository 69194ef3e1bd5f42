"""``python manage.py start``."""
