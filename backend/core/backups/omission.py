"""What no backup holds."""

# The admin site's sessions. Their keys are the cookies: whoever reads a backup could sign in.
TABLE = "django_session"
