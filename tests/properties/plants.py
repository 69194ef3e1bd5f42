"""Secrets, and the texts in which they come to be written: as people send, print and store them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

NAMES = (
    "password",
    "new_password",
    "PASSWORD",
    "refresh",
    "access",
    "access_token",
    "token",
    "csrftoken",
    "sessionid",
    "api_key",
    "client_secret",
    "jwt_keys",
    "passphrase",
    "credentials",
)
HEADERS = ("Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "Idempotency-Key")
# Names and values beside secrets, in which there is none.
HARMLESS = ("email", "first_name", "status", "page", "accessible", "session_id")
WORDS = ("ada@example.com", "Ada", "200", "a b", "x/y?z", "", "é\u2028\U0001f600", "it's", '"so"')

_SPOILERS = " '\"\\&;,=:)(]}[{@/\n\t%$-.é\U0001f600\u2028"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True)
class Secret:
    """A text whose parts are recognised wherever one of them is left."""

    parts: tuple[str, ...]
    text: str

    def is_in(self, text: str) -> bool:
        return any(part in text for part in self.parts)


@st.composite
def secrets(draw: st.DrawFn, spoilers: str = _SPOILERS) -> Secret:
    """Words that no other text has, with whatever ends a value between them."""
    words = st.text(_LETTERS, min_size=6, max_size=12).map("zq{}qz".format)
    parts = draw(st.lists(words, min_size=1, max_size=3))
    between = st.text(spoilers, max_size=2) if spoilers else st.just("")
    return Secret(tuple(parts), "".join(draw(between) + part for part in parts).lstrip())


SECRETS = secrets()
SEGMENTS = st.text(_LETTERS + "-_", min_size=6, max_size=20).map("zq{}qz".format)
TOKENS = secrets("-_.")  # as programs make them

type Render = Callable[[str, str], str]


def _json(name: str, secret: str) -> str:
    return json.dumps({"email": "ada@example.com", name: secret, "x": 1})


def _sql(name: str, secret: str) -> str:
    value = secret.replace("\\", "").replace("'", "''")  # what has a backslash is written otherwise
    return f"""UPDATE "users_user" SET "{name}" = '{value}', "first_name" = 'Ada' WHERE id = 1"""


def _header(header: str, name: str, secret: str) -> str:
    return f"Accept: */*\r\n{header}: {name} {secret}; x\r\nHost: example.com"


# Each writes what is called a name and is a secret; whatever secret.
OF_ANY: dict[str, Render] = {
    "JSON": _json,
    "compact JSON": lambda n, s: json.dumps({"x": [1], n: s, "y": "z"}, separators=(",", ":")),
    "indented JSON": lambda n, s: json.dumps({"a": {n: s}}, indent=2, ensure_ascii=False),
    "a dict": lambda n, s: repr({"email": "ada@example.com", n: s, "x": 1}),
    "a dict in a list": lambda n, s: repr([{"a": {n: s}}, 1]),
    "a value in a list": lambda n, s: repr({n: [s], "x": 1}),
    "a value in a tuple": lambda n, s: repr({n: (s,), "x": 1}),
    "bytes in a dict": lambda n, s: repr({n.encode(): s.encode(), b"x": b"1"}),
    "a pair": lambda n, s: repr([("accept", "*/*"), (n, s)]),
    "a pair of bytes": lambda n, s: repr([(b"accept", b"*/*"), (n.encode(), s.encode())]),
    "an object": lambda n, s: f"UserLogin(email='ada@example.com', {n}={s!r})",
    "an assignment": lambda n, s: f"{n} = {s!r}",
    "a query string": lambda n, s: f"GET /x/?{urlencode({'a': '1', n: s, 'b': '2'})} HTTP/1.1",
    "a form": lambda n, s: urlencode({n: s, "next": "/"}),
    "an address": lambda n, s: f"https://www.example.com/reset?a=1&{n}={quote(s, safe='')}#top",
    "an update": _sql,
    "a condition": lambda n, s: _sql(n, s).replace("SET", "SET x = 1 WHERE"),
    "a connection": lambda n, s: f"failed: postgresql://backend:{quote(s, safe='')}@db:5432/{n}",
}
# Those whose ends a stranger text would move: words and lines.
OF_TOKENS: dict[str, Render] = {
    "a cookie": lambda n, s: f"theme=dark; {n}={s}; x=1",
    "an environment": lambda n, s: f"DEBUG=false {n.upper()}={s} X=1",
    "a bearer": lambda n, s: f"sent Bearer {s} to {n}",
    "JSON within a string": lambda n, s: json.dumps({"body": _json(n, s)}),
    "JSON in a message": lambda n, s: repr(_json(n, s)),
    "JSON in bytes": lambda n, s: repr(_json(n, s).encode()),
    "a row that broke a rule": lambda n, s: (
        f"check\nDETAIL:  Failing row: (1, {s}).\nHINT:  {n}, x=1"
    ),
    **{f"the header {header}": partial(_header, header) for header in HEADERS},
}
