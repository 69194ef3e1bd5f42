"""Django REST Framework with simplejwt."""
