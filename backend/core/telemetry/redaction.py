"""Keeping secrets out of text: what looks like one, stands where one would, or is configured."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

MASK = "[redacted]"

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|secret|token|authorization|cookie|session_?key|sessionid|csrf|api_?key"
    r"|jwt|^(refresh|access)$|signature|credential|idempotency",
    re.IGNORECASE,
)
# Names of fields that match the above and carry no secret.
_HARMLESS_NAMES = frozenset({"token_type", "session_id"})

# Inside text: the name of something secret, from its beginning on.
_NAME = (
    r"(?<![\w.-])(?:[\w.-]*(?:password|passwd|passphrase|secret|token|authorization|cookie"
    r"|sessionid|csrf|api[-_]?key|jwt|credential|idempotency)[\w.-]*|refresh|access|sid)"
)
_HEADER = r"(?:http_)?(?:(?:set[-_])?cookie|authorization|x[-_]api[-_]key|idempotency[-_]key)"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A JSON Web Token, whole or cut off after its header.
    (re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,4}"), MASK),
    # Hashes of passwords.
    (_pattern(r"\$?argon2(?:id|i|d)?\$[^\s'\"]+"), MASK),
    # Passwords in URLs: scheme://user:password@host.
    (_pattern(r"(\b[\w+.-]+://[^\s:/@]*):[^\s/]*@"), rf"\1:{MASK}@"),
    # Credentials of a scheme.
    (_pattern(r"\b(bearer|basic|digest)\s+[\w.~+/=-]{4,}"), rf"\1 {MASK}"),
    # Header lines.
    (_pattern(rf"(?<![\w-])({_HEADER})(\s*:\s*)[^\r\n'\"]+"), rf"\1\2{MASK}"),
    # What PostgreSQL tells of a row that broke a constraint: all of it, or what it is found by.
    (re.compile(r"(DETAIL:\s+).*?(?=\n\n|\n[A-Z]+:|\Z)", re.DOTALL), rf"\1{MASK}"),
    # A pair: ('name', 'value'), of text or bytes.
    (_pattern(rf"""(\(b?(["']){_NAME}\2,\s*b?)(["'])(?:\\.|(?!\3).)*\3(?=\))"""), rf"\1\3{MASK}\3"),
    # "name": "value" within a string, its quotes escaped.
    (_pattern(rf"""({_NAME}\\["']\s*[:=]\s*)(\\["'])(?:(?!\2).)*(?:\2|$)"""), rf"\1\2{MASK}\2"),
    # "name": "value", name = 'value', and either in brackets or cut off.
    (
        _pattern(rf"""({_NAME}["']?\s*[:=]\s*[\[(]*b?)(["'])(?:\\.|\2\2|(?!\2).)*(?:\2|$)"""),
        rf"\1\2{MASK}\2",
    ),
    # name=value of query strings, forms, cookies and arguments.
    (_pattern(rf"""({_NAME})=(?![\["'(])[^\s&;,'")]+"""), rf"\1={MASK}"),
)
# Without one of these there is nothing for any of the patterns to find: most values are ids, words
# and numbers.
_MARKS = re.compile(r"""[\s:='"]|eyJ|argon2""", re.IGNORECASE)

_SPEAKS_NOTHING = (int, float, type(None))


class Redactor:
    """Masks secrets in text and in named values."""

    def __init__(self, configured: Iterable[str] = ()) -> None:
        """Take the configured secrets, which are masked wherever they occur."""
        known = {value for value in configured if len(value) >= 4}  # noqa: PLR2004
        self._known = sorted(known, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, MASK)
        if _MARKS.search(text):
            for pattern, replacement in _PATTERNS:
                text = pattern.sub(replacement, text)
        return text

    def value(self, name: str, value: object) -> object:
        """The value of a named field without secrets; containers are walked."""
        if _is_secret(name):
            return MASK
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, _SPEAKS_NOTHING):
            return value
        if isinstance(value, Mapping):
            return {str(key): self.value(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(name, item) for item in value]
        return self.text(str(value))


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return name not in _HARMLESS_NAMES and _SECRET_NAME.search(name) is not None
