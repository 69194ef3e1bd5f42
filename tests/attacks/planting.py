"""Secrets planted in a running service: where ``core.telemetry.planting`` puts one, and more."""

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from urllib.parse import quote

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from backend.testing.accounts import Account
from backend.testing.client import Answer, OverTheWire
from tests.attacks.peer import OTHER_ADDRESS, Reply, request, talk
from tests.core.telemetry.planting import Planted, plant_everywhere
from tests.mails.smtp import MailServer
from tests.scraping import TOKEN
from tests.service import Service
from tests.waiting import until

LAST = "Connection: close"
LOGIN = "POST /api/v1/auth/login/ HTTP/1.1"
ME = "GET /api/v1/users/me/ HTTP/1.1"
# What a caller is told of their own words, and nobody else: the names of fields there are not.
NAMES_OF_FIELDS = "the name of a field"


class Recorder(OverTheWire):
    """A caller who keeps every answer."""

    def __init__(self, base_url: str, answers: list[Answer]) -> None:
        super().__init__(base_url)
        self._answers = answers

    def send(self, *arguments: object, **options: object) -> Answer:
        """Send the request."""
        answer = super().send(*arguments, **options)  # type: ignore[arg-type]  # as they came
        self._answers.append(answer)
        return answer


@dataclass
class Watched(Service):
    """A service whose callers keep what they are told."""

    answers: list[Answer] = field(default_factory=list)

    def client(self) -> Recorder:
        """A new caller."""
        return Recorder(self.url, self.answers)

    def hear(self, sent: bytes) -> Reply:
        """Send bytes, and keep the answer."""
        reply = talk(self.url, sent).only
        self.answers.append(Answer(reply.status, reply.headers, reply.body))
        return reply


def plant(service: Watched, mails: MailServer) -> Planted:
    """Put secrets wherever a caller can put one."""
    planted = plant_everywhere(service)
    client = service.client()
    account = someone(client, planted)
    in_keys(client, planted, account)
    in_bodies(client, planted, account)
    in_queries(client, planted, account)
    in_headers(service, planted, account)
    in_malformed_requests(service, planted)
    in_idempotent_requests(client, planted, account)
    from_mails(client, planted, account, mails)
    client.session.close()
    return planted


def someone(client: OverTheWire, planted: Planted) -> Account:
    """An account with secrets of its own."""
    email, password = f"{secrets.token_hex(4)}@example.com", planted["a password of one's own"]
    form = {"email": email, "password": password, "password_confirm": password}
    key = {"Idempotency-Key": planted["the key of a registration"]}
    for _ in range(2):
        client.post("auth/register/", form, headers=key).require(201)
    account = Account(client, email, password)
    account.log_in().require(200)
    remember_tokens(planted, account)
    return account


def remember_tokens(planted: Planted, account: Account) -> None:
    """The signatures of a pair, by which nobody else's can be told."""
    for name, token in (("access", account.access), ("refresh", account.refresh)):
        place = f"an {name} token, no. {len(planted.secrets)}"
        planted.secrets[place] = token.rpartition(".")[2]


def in_keys(client: OverTheWire, planted: Planted, account: Account) -> None:
    """The names of fields."""
    for name, path in (("login", "auth/login/"), ("reset", "auth/password/reset/")):
        client.post(path, {planted[f"{NAMES_OF_FIELDS}, {name}"]: "x"})
    body = {"first_name": {planted[f"{NAMES_OF_FIELDS}, nested"]: "x"}}
    client.patch("users/me/", body, token=account.access)
    twice = json.dumps({planted["a key twice"]: 1})[1:-1]
    client.post("auth/login/", f"{{{twice}, {twice}}}".encode())


def in_bodies(client: OverTheWire, planted: Planted, account: Account) -> None:
    """Bodies of other kinds, and secrets where an address should be."""
    kinds = {
        "multipart": ("multipart/form-data; boundary=x", '--x\r\n\r\npassword="{}"\r\n--x--'),
        "XML": ("application/xml", "<password>{}</password>"),
        "a bare text": ("application/json", '"{}"'),
        "a list": ("application/json", '["{}"]'),
        "a bad character": ("application/json", '{{"password": "{}\\ud800"}}'),
        "bad UTF-8": ("application/json", '{{"password": "{}\xff"}}'),
        "deep": ("application/json", "[" * 40 + '"{}"' + "]" * 40),
    }
    for name, (kind, text) in kinds.items():
        body = text.format(planted[f"a body, {name}"]).encode("latin-1")
        client.call("POST", "auth/login/", body=body, headers={"Content-Type": kind})
    for path in ("auth/login/", "auth/password/reset/", "auth/email/verify/resend/"):
        form = {"email": planted[f"an address, {path}"], "password": planted[f"beside it, {path}"]}
        client.post(path, form if "login" in path else {"email": form["email"]})
    client.post("auth/logout/", {"refresh": f"{account.refresh}{planted['behind a token']}"})
    client.post("users/me/delete/", {"password": planted["deletion"]}, token=account.access)


def in_queries(client: OverTheWire, planted: Planted, account: Account) -> None:
    """Names and values of queries, and paths of everything there is."""
    for path in ("users/", "auth/sessions/", "users/me/security-events/", "health/", "schema/"):
        for name in ("page_size", "ordering", "is_active", "cursor", "next"):
            value = planted[f"the query {name} of {path}"]
            client.get(f"{path}?{name}={value}", token=account.access)
        client.get(f"{path}?{planted[f'the name of a query of {path}']}", token=account.access)
    for path in ("/admin/{}/", "/static/{}.js", "/{}", "/metrics/{}", "/api/v2/{}/"):
        client.get(path.format(quote(planted[f"the path {path}"])))


def in_headers(service: Watched, planted: Planted, account: Account) -> None:
    """Every header that somebody reads, and one that nobody does."""
    bearer = f"Authorization: Bearer {account.access}"
    for name in (
        *("Accept", "Accept-Language", "If-Match", "If-None-Match", "Range", "Forwarded", "Via"),
        *("X-Forwarded-Proto", "X-Real-IP", "Access-Control-Request-Headers", "Upgrade", "X-Other"),
    ):
        service.hear(request(ME, bearer, f"{name}: {planted[f'the header {name}']}", LAST))
    service.hear(request(ME, bearer, f"{planted['the name of a header']}: x", LAST))
    service.hear(request(ME, f"User-Agent: {planted['a user agent of nobody']}", LAST))
    method = "".join(secrets.choice("JKQXYZ") for _ in range(16))  # as the parser wants it
    planted.secrets["a method"] = method
    service.hear(request(f"{method} / HTTP/1.1", LAST))
    for place, line in (("the API", ME), ("the metrics", "GET /metrics HTTP/1.1")):
        for name, value in (
            (f"basic, {place}", "Basic {}"),
            (f"bearer, {place}", "Bearer {}"),
            (f"digest, {place}", 'Digest username="a", response="{}"'),
            (f"no scheme, {place}", "{}"),
        ):
            service.hear(request(line, f"Authorization: {value.format(planted[name])}", LAST))
        pair = b64encode(f"ada:{planted[f'a password behind basic, {place}']}".encode()).decode()
        planted.secrets[f"the same, encoded, {place}"] = pair
        service.hear(request(line, f"Authorization: Basic {pair}", LAST))
    service.hear(request(f"GET /metrics?token={planted['a query for metrics']} HTTP/1.1", LAST))
    planted.secrets["the token for metrics"] = TOKEN


def in_malformed_requests(service: Watched, planted: Planted) -> None:
    """What the server itself refuses."""
    for name, sent in {
        "no colon": request(ME, "Authorization {}", LAST),
        "a bad name": request(ME, "Cookie : sessionid={}", LAST),
        "a bad value": request(ME, "Authorization: Bearer {}\0", LAST),
        "a folded header": request(ME, "Cookie: a=b;\r\n sessionid={}", LAST),
        "a bad coding": request(LOGIN, "Transfer-Encoding: {}", LAST),
        "a bad length": request(LOGIN, "Content-Length: {}", LAST),
        "a bad expectation": request(LOGIN, "Expect: {}", LAST),
        "a bad version": request("GET /?token={} HTTP/9.9", LAST),
        "no version": request("GET /verify/?token={}", LAST),
        "a bad target": request("GET /\xe4?token={} HTTP/1.1", LAST),
        "a bad host in the target": request("GET http://[{}/ HTTP/1.1", LAST),
        "another host in the target": request("GET http://{}.example/ HTTP/1.1", LAST),
        "a bad method": request("password={} / HTTP/1.1", LAST),
        "a host": request(ME, "Host: {}@evil.example", LAST, host=""),
        "too many headers": request(ME, "Cookie: a={}", *["X-A: y"] * 200, LAST),
        "a header too long": request(ME, "Cookie: a={}" + "y" * 9_000, LAST),
        "a line too long": request("GET /?token={}" + "y" * 9_000 + " HTTP/1.1", LAST),
        "two hosts": request(ME, "Host: {}", LAST),
        "a second type": request(ME, "Content-Type: {}", "Content-Type: {}", LAST),
    }.items():
        service.hear(sent.replace(b"{}", planted[f"malformed, {name}"].encode()))


def in_idempotent_requests(client: OverTheWire, planted: Planted, account: Account) -> None:
    """Keys, and bodies whose answers are kept."""
    key = {"Idempotency-Key": planted["the key of a change"]}
    wrong = {
        "current_password": planted["a wrong password, kept"],
        "new_password": planted["a new password, kept"],
        "new_password_confirm": planted["a new password, kept"],
    }
    for name in ("Ada", "Ada", "Grace"):
        client.patch("users/me/", {"first_name": name}, token=account.access, headers=key)
    other = {"Idempotency-Key": planted["the key of a refusal"]}
    for _ in range(2):
        client.post("auth/password/change/", wrong, token=account.access, headers=other)
    bad = {"Idempotency-Key": planted["a bad key"] + "!"}
    client.patch("users/me/", {"first_name": "x"}, token=account.access, headers=bad)
    account.spend(**key).require(200)
    account.spend(**key).require(200)


def from_mails(client: OverTheWire, planted: Planted, account: Account, mails: MailServer) -> None:
    """Tokens that were mailed, used where they belong and where they do not."""
    client.post("auth/password/reset/", {"email": account.email}).require(202)
    until(lambda: any("/reset-password?" in text for text in written(mails)))
    for number, text in enumerate(written(mails)):
        for token in {it.split()[0] for it in text.split("?token=")[1:]}:
            planted.secrets[f"a mailed token, no. {number}"] = token[24:]
            client.get(f"auth/email/verify/?token={token}", token=token)
            for purpose in ("email/verify/", "not-me/"):
                client.post(f"auth/{purpose}", {"token": token})


def written(mails: MailServer) -> list[str]:
    """The plain text of every mail so far."""
    contents = [envelope.content for envelope in [*mails.taken]]
    parsed = [message_from_bytes(it, policy=default) for it in contents if isinstance(it, bytes)]
    bodies = [mail.get_body(("plain",)) for mail in parsed]
    return [body.get_content() for body in bodies if body]


@contextmanager
def accepting(password: str) -> Iterator[MailServer]:
    """A mail server that lets in whoever has the password."""

    def judge(_: object, __: object, ___: object, ____: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=given.password == password.encode())

    server = MailServer()
    controller = Controller(
        server, hostname=OTHER_ADDRESS, port=server.port, authenticator=judge,
        auth_require_tls=False,
    )  # fmt: skip
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
