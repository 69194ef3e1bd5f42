"""FastAPI the way its full-stack template does it."""
