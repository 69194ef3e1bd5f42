"""What is asked of a service that grows: the operations of the comparison, and all that pages."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.caller import PAGE, Caller
from benchmarks.operations import OPERATIONS, Operation
from benchmarks.processes import Running

WARMING = 20
USERS = "/api/v1/users/"

type Answer = dict[str, Any]
type Check = Callable[[Answer], bool]


@dataclass(frozen=True, slots=True)
class Subject:
    """One row of the table.

    Attributes:
        is_curve: Whether its cost may grow, so that only its curve is told.
        patience: How many times as long as others it is asked, since few are answered.
    """

    title: str
    operation: Operation
    is_right: Check = bool
    is_curve: bool = False
    patience: int = 1


def subjects(running: Running, users: int) -> list[Subject]:
    """All of them for a service with so many users, each looked at and warm.

    Raises:
        AssertionError: an answer is not what it has to be.
    """
    caller = Caller(running)
    me, page, *others, login = [Subject(str(one), one) for one in OPERATIONS]
    found = [
        me,
        page,
        _read("GET users/, the last page", _last_page(caller), _is_last),
        _read("GET users/, the oldest first", f"{USERS}?ordering=created_at"),
        _search("everybody matches", "lovelace", _is_page),
        _search("1 % match", "grace", _is_some),
        _search("one matches", f"user{users // 2}@", _is_one),
        _read("GET users/{id}/", f"{USERS}{_id(users // 2)}/", bool),
        _read("GET users/me/security-events/", f"{USERS}me/security-events/"),
        _read("GET auth/sessions/", "/api/v1/auth/sessions/"),
        *others,
        replace(login, patience=4),
    ]
    for subject in found:
        _warm(caller, subject)
    return found


def _is_page(page: Answer) -> bool:
    return len(page["results"]) == PAGE and bool(page["next"])


def _is_last(page: Answer) -> bool:
    return len(page["results"]) == PAGE and not page["next"]


def _is_some(page: Answer) -> bool:
    return bool(page["results"])


def _is_one(page: Answer) -> bool:
    return len(page["results"]) == 1


def _read(title: str, path: str, is_right: Check = _is_page) -> Subject:
    return Subject(title, Operation(title, "GET", path, "access"), is_right)


def _search(title: str, text: str, is_right: Check) -> Subject:
    subject = _read(f"GET users/?search=, {title}", f"{USERS}?search={text}", is_right)
    return replace(subject, is_curve=True)


def _last_page(caller: Caller) -> str:
    """Where the last page is; its cursor names the elder of two whom a search finds."""
    path = f"{USERS}?search=eldest&page_size=1"
    found = caller.ask(Operation("eldest", "GET", path, "access"))
    (cursor,) = parse_qs(urlsplit(found["next"]).query)["cursor"]
    return f"{USERS}?cursor={cursor}"


def _id(number: int) -> str:
    return f"01930000-0000-7000-8000-{number:012x}"


def _warm(caller: Caller, subject: Subject) -> None:
    for _ in range(WARMING):
        if not subject.is_right(caller.ask(subject.operation)):
            raise AssertionError(f"{subject.title}: not what it has to be")
