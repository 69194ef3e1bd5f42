from threading import Thread
from uuid import UUID

import pytest

from backend.core.context import accept_request_id, request_id


class TestAcceptRequestId:
    @pytest.mark.parametrize("proposed", ["a", "A-z.0_9", "-", "x" * 128, "0" * 32])
    def test_keeps_a_harmless_one(self, proposed: str) -> None:
        assert accept_request_id(proposed) == proposed

    @pytest.mark.parametrize(
        "proposed",
        [
            None,
            "",
            " ",
            "x" * 129,
            "a b",
            "a\n",
            "a\nb",
            "a\r\nX-Evil: 1",
            "\x1b[31m",
            "ü",
            "٣",  # a digit, but not of ASCII
            "a/b",
            "a,b",
            '{"a":1}',
            "{request_id}",
            "\0",
        ],
    )
    def test_replaces_any_other(self, proposed: str | None) -> None:
        accepted = accept_request_id(proposed)
        assert accepted != proposed
        assert UUID(accepted).version == 7

    def test_makes_a_new_one_each_time(self) -> None:
        assert len({accept_request_id(None) for _ in range(100)}) == 100


class TestRequestId:
    def test_is_empty_outside_a_request(self) -> None:
        assert request_id.get() == ""

    def test_stays_in_its_own_thread(self) -> None:
        seen: list[str] = []
        token = request_id.set("mine")
        try:
            other = Thread(target=lambda: seen.append(request_id.get()))
            other.start()
            other.join()
        finally:
            request_id.reset(token)
        assert seen == [""]
