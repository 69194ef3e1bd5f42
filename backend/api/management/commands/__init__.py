"""``python manage.py openapi``."""
