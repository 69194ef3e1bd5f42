"""What was enqueued, and what was mailed."""

from uuid import uuid4

import pytest
from django.db import transaction

from backend.tasks.outbox import enqueue
from backend.testing.client import ApiClient
from backend.testing.mails import Mails
from backend.testing.tasks import Tasks, Waiting
from backend.users.tasks import say_goodbye
from tests.tasks import samples

ADA, EVE = "ada@example.com", "eve@example.com"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """No call of a sample task before."""
    samples.calls.clear()


def roll_back(*, to: str) -> None:
    """Enqueue a mail in a transaction that does not end well."""
    with transaction.atomic():
        enqueue(say_goodbye, to=to)
        transaction.set_rollback(True)


def enqueue_once() -> None:
    """What the first task does, and the second no more."""
    if len(samples.calls) == 1:
        enqueue(samples.short, number=7)


class TestTasks:
    def test_tell_what_waits_in_its_order(self, tasks: Tasks) -> None:
        assert tasks.waiting() == []
        enqueue(samples.count, number=1)
        enqueue(say_goodbye, to=ADA)
        enqueue(samples.count, number=2)
        assert tasks.waiting() == [
            Waiting("tasks.count", {"number": 1}),
            Waiting("users.say_goodbye", {"to": ADA}),
            Waiting("tasks.count", {"number": 2}),
        ]
        assert tasks.of(samples.count) == [{"number": 1}, {"number": 2}]

    def test_know_nothing_of_what_was_rolled_back(self, tasks: Tasks) -> None:
        roll_back(to=ADA)
        assert tasks.waiting() == []

    def test_run_only_when_asked(self, tasks: Tasks) -> None:
        enqueue(samples.count, number=1)
        assert tasks.of(samples.count)
        assert samples.calls == []
        tasks.run()
        assert [call.arguments for call in samples.calls] == [{"number": 1}]
        assert tasks.waiting() == []

    def test_run_what_they_cause(self, tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(samples, "act", enqueue_once)
        enqueue(samples.count, number=1)
        tasks.run()
        assert [call.arguments for call in samples.calls] == [{"number": 1}, {"number": 7}]

    def test_that_fail_fail_the_test(self, tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(samples, "act", samples.failing(ZeroDivisionError("by what?")))
        enqueue(samples.count, number=1)
        with pytest.raises(AssertionError, match=r"tasks\.count.*ZeroDivisionError: by what\?"):
            tasks.run()

    def test_can_be_forgotten(self, tasks: Tasks) -> None:
        enqueue(samples.count, number=1)
        tasks.empty()
        tasks.run()
        assert samples.calls == []


class TestMails:
    def test_are_those_that_waiting_tasks_write(self, mails: Mails) -> None:
        assert mails.all() == []
        enqueue(say_goodbye, to=ADA)
        enqueue(say_goodbye, to=EVE)
        assert [letter.to for letter in mails.all()] == [[ADA], [EVE]]
        (letter,) = mails.to(EVE)
        assert letter.subject == mails.last(EVE).subject
        assert "deleted" in letter.text

    def test_know_nothing_of_what_was_rolled_back(self, mails: Mails) -> None:
        roll_back(to=ADA)
        assert mails.all() == []

    def test_say_that_there_is_none(self, mails: Mails) -> None:
        with pytest.raises(AssertionError, match=f"no mail to {ADA}"):
            mails.last(ADA)

    def test_can_be_forgotten(self, mails: Mails) -> None:
        enqueue(say_goodbye, to=ADA)
        mails.empty()
        assert mails.all() == []

    def test_have_the_token_of_their_link(self, client: ApiClient, mails: Mails) -> None:
        words = f"a horse {uuid4()}"
        form = {"email": ADA, "password": words, "password_confirm": words}
        client.post("auth/register/", form).require(201)
        letter = mails.last(ADA)
        assert letter.page == "https://app.example.com/verify-email"
        assert [link.partition("?")[0] for link in letter.links] == [letter.page]
        client.post("auth/email/verify/", {"token": letter.token}).require(204)
