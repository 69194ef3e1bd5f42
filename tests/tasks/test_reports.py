"""What a row and the log are told of an attempt, and what they are not."""

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from backend.core.context import request_id
from backend.tasks import execution
from backend.tasks.execution import describe
from backend.tasks.models import Task
from backend.tasks.outbox import enqueue
from tests.conftest import Lines
from tests.tasks import samples
from tests.tasks.conftest import Act
from tests.tasks.samples import failing

FIELDS = ("task", "task_id", "queue", "attempt", "reason")


class TestDescribe:
    @pytest.fixture(autouse=True)
    def _with_a_secret(self, settings: Settings) -> None:
        settings.LOGGING = {**configured.LOGGING, "secrets": ["configured-secret"]}

    @pytest.mark.parametrize(
        ("text", "secret"),
        [
            ("550 <ada@example.com> is unknown", "ada"),
            ("550 ada@exämple.com: no", "ada"),
            ("{'ada+lists@example.com': (550, b'no')}", "ada"),
            ("could not reach redis://user:hunter2@10.0.0.1:6379/0", "hunter2"),
            ("GET https://app.example.com/reset?token=abcdefghijk failed", "abcdefghijk"),
            ("the server said configured-secret", "configured-secret"),
            ('{"password": "correct horse"}', "correct"),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc", "eyJ"),
        ],
    )
    def test_keeps_secrets_and_addresses_to_itself(self, text: str, secret: str) -> None:
        told = describe(ValueError(text))
        assert told.startswith("ValueError: ")
        assert secret not in told
        assert told != "ValueError: "

    def test_keeps_what_helps(self) -> None:
        assert describe(ConnectionRefusedError(111, "refused")) == (
            "ConnectionRefusedError: [Errno 111] refused"
        )

    def test_of_an_error_without_words_is_its_name(self) -> None:
        assert describe(ValueError()) == "ValueError"

    def test_is_one_line_of_a_bounded_length(self) -> None:
        told = describe(ValueError("line\n" * 1000))
        assert len(told) == execution.ERROR_LENGTH
        assert told.isprintable()

    def test_names_no_argument_that_does_not_fit(self) -> None:
        with pytest.raises(ValueError, match="number") as error:
            samples.count.run({"number": "Ada Lovelace"})
        assert "Ada" not in describe(error.value)


@pytest.mark.django_db
class TestLine:
    def test_of_a_task_that_is_done_names_it(self, log_lines: Lines) -> None:
        token = request_id.set("the-request")
        task_id = enqueue(samples.count, number=1)
        request_id.reset(token)
        execution.run(task_id)
        (line,) = [line for line in log_lines() if line["message"].startswith("task ")]
        assert (line["message"], line["level"]) == ("task done", "INFO")
        assert [line[name] for name in FIELDS] == ["tasks.count", str(task_id), "default", 1, None]
        assert line["request_id"] == "the-request"
        assert 0 <= line["duration_ms"] < 60_000

    @pytest.mark.parametrize(
        ("error", "attempts", "expected"),
        [
            (ValueError("no luck"), 0, ("task failed", "WARNING")),
            (ValueError("no luck"), 2, ("task parked", "ERROR")),
            (samples.Hopeless("no luck"), 0, ("task parked", "ERROR")),
        ],
    )
    def test_of_a_task_that_is_not_says_why(
        self,
        log_lines: Lines,
        act: Act,
        error: Exception,
        attempts: int,
        expected: tuple[str, str],
    ) -> None:
        act(failing(error))
        task_id = enqueue(samples.proud)
        Task.objects.filter(pk=task_id).update(attempts=attempts)
        execution.run(task_id)
        (line,) = [line for line in log_lines() if line["message"].startswith("task ")]
        assert (line["message"], line["level"]) == expected
        assert line["reason"] == f"{type(error).__name__}: no luck"
        assert line["attempt"] == attempts + 1

    def test_of_a_task_that_nobody_declares_says_so(self, log_lines: Lines) -> None:
        execution.run(Task.objects.create(name="tasks.forgotten", queue="default").pk)
        (line,) = [line for line in log_lines() if line["message"].startswith("task ")]
        assert (line["message"], line["level"]) == ("task parked", "ERROR")
        assert line["reason"] == "No app declares this task"

    def test_names_no_argument(self, log_lines: Lines, act: Act) -> None:
        act(failing(ValueError("no luck")))
        execution.run(enqueue(samples.short, number=736_251))
        assert "736251" not in str([line for line in log_lines() if "sql" not in line])
