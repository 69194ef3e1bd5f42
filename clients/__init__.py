"""The clients of the service, and what generates them."""
