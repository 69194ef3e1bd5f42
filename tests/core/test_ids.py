import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from backend.core.ids import uuid7


class TestUuid7:
    def test_is_a_uuid_of_version_7(self) -> None:
        made = uuid7()
        assert type(made) is UUID
        assert (made.version, made.variant) == (7, "specified in RFC 4122")

    def test_begins_with_the_time_in_milliseconds(self) -> None:
        before = time.time_ns() // 1_000_000
        made = uuid7()
        after = time.time_ns() // 1_000_000
        assert before <= made.int >> 80 <= after

    def test_sorts_in_the_order_in_which_it_was_made(self) -> None:
        made = [uuid7() for _ in range(20_000)]
        assert made == sorted(made)
        assert [str(one) for one in made] == sorted(str(one) for one in made)

    def test_is_never_made_twice(self) -> None:
        with ThreadPoolExecutor(8) as pool:
            made = [one for some in pool.map(_thousand, range(8)) for one in some]
        assert len(set(made)) == 8000


def _thousand(_: int) -> list[UUID]:
    return [uuid7() for _ in range(1000)]
