"""Where to go from an answer: which operation takes what this one has just told."""

from backend.core.openapi import JSON

_TOKEN = {"refresh": "$response.body#/refresh"}
_REFRESH = {
    "operationId": "auth.refresh",
    "requestBody": _TOKEN,
    "description": "Exchange the refresh token when the access token has expired.",
}
_LOG_OUT = {
    "operationId": "auth.logout",
    "requestBody": _TOKEN,
    "description": "End the session.",
}
LINKS: dict[str, JSON] = {
    "auth.register": {
        "logIn": {
            "operationId": "auth.login",
            "requestBody": {
                "email": "$response.body#/email",
                "password": "$request.body#/password",
            },
            "description": "Log in as who has just registered.",
        }
    },
    "auth.login": {
        "read": {
            "operationId": "users.me.get",
            "description": "Read the own account, with `access` as the bearer.",
        },
        "refresh": _REFRESH,
        "logOut": _LOG_OUT,
    },
    "auth.refresh": {"refresh": _REFRESH, "logOut": _LOG_OUT},
    "auth.sessions.list": {
        "end": {
            "operationId": "auth.sessions.end",
            "parameters": {"session_id": "$response.body#/results/0/id"},
            "description": "End a session of the list.",
        }
    },
    "users.me.get": {
        "update": {
            "operationId": "users.me.update",
            "parameters": {"If-Match": "$response.header.ETag"},
            "description": "Change what has been read, unless somebody else was faster.",
        }
    },
    "users.list": {
        "read": {
            "operationId": "users.get",
            "parameters": {"user_id": "$response.body#/results/0/id"},
            "description": "Read a user of the list.",
        }
    },
    "users.get": {
        "update": {
            "operationId": "users.update",
            "parameters": {
                "user_id": "$request.path.user_id",
                "If-Match": "$response.header.ETag",
            },
            "description": "Change what has been read, unless somebody else was faster.",
        }
    },
}


def complete(operation: JSON) -> None:
    """Add an operation's links to what it answers when it succeeds."""
    if operation["operationId"] in LINKS:
        success = min(status for status in operation["responses"])
        operation["responses"][success]["links"] = LINKS[operation["operationId"]]
