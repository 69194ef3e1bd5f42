"""What the document says about the whole: introduction, licence, servers, tags."""

from typing import Any

DESCRIPTION = """\
Accounts and access: registration, sessions, profiles.

Send and accept `application/json`. Private operations want `Authorization: Bearer <access>`. Every
refusal has the same body, [`Error`](#/components/schemas/Error); branch on its `code`. Every answer
carries `X-Request-ID`: quote it when you ask for help.

Extensions say more about an operation:

- `x-rate-limit`: the limit it counts against; its `RateLimit-Policy` header tells the numbers.
- `x-permission`: the permission it needs, and the status without it.
- `x-idempotency`: what an `Idempotency-Key` does. `stored`: a repeated request gets the first
  answer again; `recovered`: the same answer is made again; `ignored`: nothing.
- `x-etag`: the answer has a version, for `If-None-Match` and `If-Match`.
- `x-deprecation`: since when the operation is deprecated, the day it goes, what replaces it.
"""

SERVERS = [{"url": "/", "description": "Wherever this document comes from."}]

EXTRA: dict[str, Any] = {
    "info": {"license": {"name": "MIT", "identifier": "MIT"}},
    "tags": [
        {
            "name": "auth",
            "description": "Accounts' way in: registration, tokens, sessions, passwords.",
        },
        {"name": "users", "description": "Who the caller is; for staff, who everybody is."},
        {"name": "health", "description": "Probes for people, load balancers and orchestrators."},
    ],
}
