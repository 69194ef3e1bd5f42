"""The operations that are measured, the same for every contender."""

from dataclasses import dataclass

EMAIL, PASSWORD = "bench@example.com", "a long enough passphrase"


@dataclass(frozen=True, slots=True)
class Operation:
    """One request, asked over and over.

    Attributes:
        needs: The token it sends: "access", "refresh" (a new one each time) or "".
        refused: Whether it is the contender's refusal that is right.
    """

    name: str
    method: str
    path: str
    needs: str = ""
    body: dict[str, str] | None = None
    refused: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix('/api/v1/')}"


OPERATIONS = [
    Operation("me", "GET", "/api/v1/users/me/", "access"),
    Operation("list", "GET", "/api/v1/users/", "access"),
    Operation("refresh", "POST", "/api/v1/auth/refresh/", "refresh"),
    Operation(
        "register",
        "POST",
        "/api/v1/auth/register/",
        body={"email": "nobody", "password": "short", "password_confirm": "other"},
        refused=True,
    ),
    Operation("health", "GET", "/api/v1/health/"),
    Operation(
        "login",
        "POST",
        "/api/v1/auth/login/",
        body={"email": EMAIL, "password": PASSWORD},
    ),
]
