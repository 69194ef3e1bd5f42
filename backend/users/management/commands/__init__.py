"""``python manage.py seed``."""
