"""One change, in words that stay the same: a written entry names it by them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """What has changed where.

    Attributes:
        where: The operation and the part of it: ``users.me.get: answer 200: field `email```.
        what: What has become of it.
        is_breaking: Whether a client of the older document can fail of it.
    """

    where: str
    what: str
    is_breaking: bool

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def breaking(where: str, what: str) -> Change:
    """A change that clients have to be told of."""
    return Change(where, what, is_breaking=True)


def addition(where: str, what: str) -> Change:
    """A change that no client notices unless it wants to."""
    return Change(where, what, is_breaking=False)
