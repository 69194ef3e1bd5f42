from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from backend.core.server.turns import Turns, stepped_aside
from tests.waiting import until


class TestTurns:
    def test_are_given_back(self) -> None:
        turns = Turns(1)
        for _ in range(3):
            with turns.taken():
                assert turns._free == 0
            assert turns._free == 1

    def test_are_given_back_by_those_who_fail(self) -> None:
        turns = Turns(1)
        with pytest.raises(ValueError, match="wrong"), turns.taken():
            raise ValueError("wrong")
        assert turns._free == 1

    def test_are_not_waited_for_while_their_holders_wait(self) -> None:
        turns, everybody = Turns(2), Barrier(8, timeout=10)

        def work(_: int) -> int:
            with turns.taken():
                return everybody.wait()  # only all eight together get on

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(work, range(8))) == list(range(8))
        assert turns._free == 2
        assert not turns._waiting

    def test_are_waited_for_while_others_get_on(self) -> None:
        turns, done, under_way = Turns(1), Event(), Event()

        def get_on() -> None:
            while not done.is_set():
                turns._finished += 1  # somebody else finishes all the time

        def work() -> None:
            with turns.taken():
                under_way.set()

        with ThreadPoolExecutor(2) as pool:
            try:
                with turns.taken():
                    pool.submit(get_on)
                    waiting = pool.submit(work)
                    assert not under_way.wait(0.2)
                waiting.result(10)
            finally:
                done.set()
        assert turns._free == 1

    def test_are_had_in_the_order_of_asking(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("backend.core.server.turns.STALL_SECONDS", 60.0)
        turns, had = Turns(1), []

        def work(number: int) -> None:
            with turns.taken():
                had.append(number)

        with ThreadPoolExecutor(8) as pool, turns.taken():
            for number in range(8):
                pool.submit(work, number)
                until(lambda: len(turns._waiting) == number + 1)  # noqa: B023  (at once)
        assert had == [*range(8)]

    def test_are_had_by_others_while_somebody_steps_aside(self) -> None:
        turns = Turns(1)
        with turns.taken():
            with stepped_aside():
                assert turns._free == 1
            assert turns._free == 0
        assert turns._free == 1

    def test_are_nothing_to_step_aside_from_without_one(self) -> None:
        turns = Turns(1)
        with stepped_aside():
            assert turns._free == 1
        assert turns._free == 1
