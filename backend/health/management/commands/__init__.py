"""``python manage.py check_database``."""
