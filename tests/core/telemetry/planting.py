"""Secrets put into a running service, wherever a caller can put one."""

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote

import requests

from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient
from tests.core.server.wire import HOST, Wire
from tests.service import Service

ID = "the-request-id"
SENT = {"X-Request-ID": ID}


@dataclass
class Planted:
    """Secrets by where they were put."""

    secrets: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, where: str) -> str:
        """A secret that nothing else could be taken for."""
        return self.secrets.setdefault(where, f"hunter{secrets.token_hex(8)}")

    def leaks(self, text: str) -> list[str]:
        """Where the secrets come from that the text tells."""
        return [where for where, secret in self.secrets.items() if secret in text]


def plant_in_bodies(client: ApiClient, planted: Planted) -> Account:
    """Passwords and tokens, right and wrong, in every body there is."""
    password = planted["a password"]
    email = f"{secrets.token_hex(4)}@example.com"
    accounts.register(client, email=email, password=password, password_confirm=password)
    differing = {"password": planted["password"], "password_confirm": planted["confirmation"]}
    client.post("auth/register/", {"email": "b@example.com", **differing})
    client.post("auth/login/", {"email": email, "password": planted["a wrong password"]})
    client.post("auth/login/", {"email": [email], "password": [planted["a list"]]})
    client.post("auth/login/", {"email": email, "password": password, "x": planted["a field"]})
    client.post("auth/login/", f'{{"password": "{planted["broken JSON"]}'.encode())
    client.post("auth/login/", b'{"password": "' + planted["a large body"].encode() * 60_000)
    text = {"Content-Type": "text/plain"}
    body = f"password={planted['a form']}".encode()
    client.call("POST", "auth/login/", body=body, headers=text)
    account = Account(client, email, password)
    assert account.log_in().status == 200
    planted.secrets["the access token"] = account.access.rpartition(".")[2]
    planted.secrets["the refresh token"] = account.refresh.rpartition(".")[2]
    passwords = {"new_password": planted["a new password"], "new_password_confirm": ""}
    current = {"current_password": planted["a current password"]}
    for changes in (passwords, {**passwords, "new_password_confirm": passwords["new_password"]}):
        client.post("auth/password/change/", {**current, **changes}, token=account.access)
    client.post("auth/refresh/", {"refresh": planted["a refresh token"]})
    client.post("auth/logout/", {"refresh": f"eyJhbGciOiJIUzI1NiJ9.e30.{planted['a JWT']}"})
    plant_in_bodies_of_links(client, planted, account)
    return account


def plant_in_bodies_of_links(client: ApiClient, planted: Planted, account: Account) -> None:
    """Mailed tokens and passwords, in every body that takes one."""
    reset = {"password": planted["a reset password"], "password_confirm": planted["a reset's"]}
    for name, path, fields in (
        ("reset", "auth/password/reset/confirm/", reset),
        ("verify", "auth/email/verify/", {}),
        ("not-me", "auth/not-me/", {}),
    ):
        for token in (planted[f"{name}, a token"], planted[f"{name}, a long token"] * 300):
            client.post(path, {"token": token, **fields})
        client.post(path, {"token": [planted[f"{name}, a list"]], **fields})
        client.post(path, {"token": planted[f"{name}, with NUL"] + "\0", **fields})
        client.post(path, {"token": "x", "x": planted[f"{name}, a field"], **fields})
        client.post(path, f'{{"token": "{planted[f"{name}, broken JSON"]}'.encode())
    same = {"password": planted["a reset password"], "password_confirm": reset["password"]}
    client.post("auth/password/reset/confirm/", {"token": planted["reset, again"], **same})
    for path, fields in (
        ("auth/email/change/", {"email": "new@example.com"}),
        ("users/me/delete/", {}),
    ):
        for password in (planted[f"{path} password"], [planted[f"{path} a list"]]):
            body = {"password": password, **fields}
            client.post(path, body, token=account.access)
            client.post(path, body)
    moving = {"email": "new@example.com", "password": account.password}
    client.post("auth/email/change/", moving, token=account.access)


def plant_in_headers(client: ApiClient, planted: Planted, account: Account) -> None:
    """Tokens, cookies and keys."""
    idempotency = {"Idempotency-Key": planted["an idempotency key"]}
    account.spend(**idempotency)
    account.spend(**idempotency)
    headers = {
        "a bearer": {"Authorization": f"Bearer {planted['a bearer']}"},
        "basic credentials": {"Authorization": f"Basic {planted['basic credentials']}"},
        "an unknown scheme": {"Authorization": planted["an unknown scheme"]},
        "a cookie": {"Cookie": f"sessionid={planted['a cookie']}; a={planted['another cookie']}"},
        "an API key": {"X-Api-Key": planted["an API key"]},
        "a request id": {"X-Request-ID": f"{planted['a request id']} with a blank"},
        "a referrer": {"Referer": f"https://app.example.com/?token={planted['a referrer']}"},
        "an origin": {"Origin": f"https://{planted['an origin']}.example.com"},
        "a forwarded address": {"X-Forwarded-For": planted["a forwarded address"]},
        "a user agent": {"User-Agent": f"curl token={planted['a user agent']}"},
        "a host": {"Host": f"{planted['a host']}.example.com"},
        "a type": {"Content-Type": f"application/json; x={planted['a type']}"},
    }
    for sent in headers.values():
        client.get("users/me/", headers=sent)
        client.post("auth/login/", b"{}", headers={"Content-Type": "application/json", **sent})


def plant_in_addresses(client: ApiClient, planted: Planted, account: Account) -> None:
    """Mailed tokens and the like in paths and queries."""
    for name in ("token", "password", "cursor", "search", "x"):
        query = f"?{name}={planted[f'the query {name}']}"
        client.get(f"users/{query}", token=account.access)
        client.get(f"auth/sessions/{query}", token=account.access)
        client.get(f"nothing/{query}")
        client.get(f"users/me{query}")  # without its slash
    for path in ("auth/email/verify/{}/", "auth/{}", "users/{}/", "auth/sessions/{}/"):
        client.get(path.format(quote(planted[f"the path {path}"])), token=account.access)


def plant_in_the_admin_site(url: str, planted: Planted, account: Account) -> None:
    """A visit with its cookies and forms."""
    with requests.Session() as browser:
        browser.trust_env = False
        page = f"{url}/admin/login/"

        def send(password: str, token: str) -> None:
            form = {
                "username": "boss@example.com",
                "password": password,
                "csrfmiddlewaretoken": token,
                "next": f"/admin/?token={planted['where to go on']}",
            }
            browser.post(page, data=form, headers={"Referer": page}, timeout=30)

        browser.get(page, timeout=30)
        send(planted["an admin's password"], browser.cookies["csrftoken"])
        send(planted["an admin's other password"], planted["a forged CSRF token"])
        planted.secrets["the CSRF cookie"] = browser.cookies["csrftoken"]
        for name in ("sessionid", "csrftoken"):
            browser.cookies.set(name, planted[f"the cookie {name}"] + "a" * 9)
            browser.get(f"{url}/admin/users/user/?q={planted['an admin search']}", timeout=30)


def plant_on_the_wire(url: str, planted: Planted) -> None:
    """What no client library would send."""
    requests_by_hand = {
        "a bad version": ("GET /api/v1/?token={} HTTP/9.9", HOST),
        "a bad header": ("GET /api/v1/health/live/ HTTP/1.1", HOST, "Authorization {}"),
        "a bad name": ("GET /api/v1/health/live/ HTTP/1.1", HOST, "Cookie : sessionid={}"),
        "a bad length": ("POST /api/v1/auth/login/ HTTP/1.1", HOST, "Content-Length: {}"),
        "a bad line": ("GET /verify/?token={}", HOST),
        "a bad method": ("password={} / HTTP/1.1", HOST),
    }
    for where, lines in requests_by_hand.items():
        with Wire(url) as wire, suppress(OSError, IndexError, ValueError):
            wire.ask(*(line.format(planted[where]) for line in lines))


def plant_everywhere(service: Service) -> Planted:
    """Put secrets wherever a caller can put one."""
    planted, client = Planted(), service.client()
    account = plant_in_bodies(client, planted)
    plant_in_headers(client, planted, account)
    plant_in_addresses(client, planted, account)
    plant_in_the_admin_site(service.url, planted, account)
    plant_on_the_wire(service.url, planted)
    client.session.close()
    assert len(planted.secrets) >= 30
    return planted
