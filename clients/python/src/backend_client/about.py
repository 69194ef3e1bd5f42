# Generated from the service's OpenAPI document. Do not edit; run `./just clients`.
"""What this client is called."""

VERSION = "0.1.0"
USER_AGENT = "backend-client-python/0.1.0"
