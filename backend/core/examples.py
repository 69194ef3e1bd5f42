"""The person and the things that the document's examples are about."""

USER_ID = "01a20b6d-f71b-7609-9d37-00be804fe5ee"
SESSION_ID = "01a20b6e-0c52-7d1a-8f3e-6b1d0a7c94e1"
EVENT_ID = "01a20b6e-0c55-7a94-b2c7-3d5e8f1a2b60"
REQUEST_ID = "01a20b72-28eb-7734-884e-1518e28fcce2"

REGISTERED = "2026-11-24T02:41:25.787000Z"
LOGGED_IN = "2026-11-24T02:41:31.218000Z"
NOW = "2026-11-24T02:46:00.715196Z"
LATER = "2026-12-01T02:41:31.218000Z"

EMAIL = "ada@example.com"
NEW_EMAIL = "ada.lovelace@example.com"
PASSWORD = "correct horse battery 7"  # noqa: S105  (an example)
NEW_PASSWORD = "another horse battery 9"  # noqa: S105
IP_ADDRESS = "203.0.113.7"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

# Shaped like a token, and none: header, claims and signature are made up.
ACCESS = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.YW4gZXhhbXBsZQ"
REFRESH = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.YW4gZXhhbXBsZQ"
LINK_TOKEN = "AaILbgxVepSyxz1ejxorYBk6rJ0vJ9m1wF2n8b7m1c0Qd5y3nqk4i2pW6sX8zA0v"  # noqa: S105
