"""``python manage.py worker``, ``scheduler``, ``tasks``, ``purge``."""
