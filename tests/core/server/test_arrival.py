import pytest
from pytest_django import Settings

from backend.core.server.arrival import HEAD_BYTES, Arrival, State

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n"


def post(*lines: bytes) -> bytes:
    return POST % b"\r\n".join(lines)


class TestArrival:
    def test_is_complete_with_the_last_byte_of_a_head(self) -> None:
        arrival = Arrival()
        states = [arrival.take(bytes([byte])) for byte in GET]
        assert states == [State.AWAITED] * (len(GET) - 1) + [State.COMPLETE]

    def test_is_complete_with_the_last_byte_of_a_body(self) -> None:
        arrival, request = Arrival(), post(b"content-LENGTH:  3 ") + b"abc"
        states = [arrival.take(bytes([byte])) for byte in request]
        assert states == [State.AWAITED] * (len(request) - 1) + [State.COMPLETE]

    def test_hands_over_everything_and_begins_anew(self) -> None:
        arrival = Arrival()
        assert arrival.take(GET + GET[:5]) is State.COMPLETE
        assert arrival.hand_over() == GET + GET[:5]
        assert arrival.take(GET[:5]) is State.AWAITED
        assert arrival.take(GET[5:]) is State.COMPLETE

    @pytest.mark.parametrize(
        "lines",
        [
            (b"Transfer-Encoding: chunked",),
            (b"Transfer-Encoding: chunked", b"Content-Length: 5"),
            (b"Content-Length: 5", b"Content-Length: 6"),
            (b"Content-Length: +5",),
            (b"Content-Length: 0x5",),
            (b"Content-Length: 99999999999",),
            (b"Transfer-Encoding : chunked", b"Content-Length: 5"),
            (b"Content-Length:",),
            (b"X-Content-Length: 5",),
        ],
    )
    def test_does_not_wait_for_a_body_that_nobody_will_read(self, lines: tuple[bytes, ...]) -> None:
        assert Arrival().take(post(*lines)) is State.COMPLETE

    @pytest.mark.parametrize(
        "lines",
        [
            (b"Content-Length: 0000000000000005",),
            (b"Content-Length: 5", b"Transfer-Encoding-Of: nobody"),
            (b"Content-Length-Of: nobody", b"Content-Length: 5"),
        ],
    )
    def test_waits_for_a_body_whatever_else_the_head_says(self, lines: tuple[bytes, ...]) -> None:
        assert Arrival().take(b"\r\n" + post(*lines) + b"1234") is State.AWAITED

    def test_waits_for_the_largest_body_that_is_read(self, settings: Settings) -> None:
        settings.MAX_BODY_BYTES = 10
        assert Arrival().take(post(b"Content-Length: 10")) is State.AWAITED
        assert Arrival().take(post(b"Content-Length: 11")) is State.COMPLETE

    @pytest.mark.parametrize(
        "head", [b"GET / HTTP/1.1\nHost: a\n\n", b"\n", b"GET / HTTP/1.1\r\nHost: a\nX: y"]
    )
    def test_is_malformed_where_a_line_ends_in_half_an_end(self, head: bytes) -> None:
        assert Arrival().take(head) is State.MALFORMED

    def test_is_malformed_however_its_line_end_comes(self) -> None:
        arrival = Arrival()
        states = [arrival.take(bytes([byte])) for byte in b"GET / HTTP/1.1\r\nHost: a\n"]
        assert states == [State.AWAITED] * (len(states) - 1) + [State.MALFORMED]
        assert arrival.take(b"") is State.MALFORMED

    def test_may_follow_one_empty_line(self) -> None:
        assert Arrival().take(b"\r\n" + GET) is State.COMPLETE
        assert Arrival().take(b"\r\n\r\n" + GET) is State.MALFORMED

    def test_is_too_long_where_the_head_does_not_end(self) -> None:
        arrival = Arrival()
        assert arrival.take(b"a" * HEAD_BYTES) is State.AWAITED
        assert arrival.take(b"a") is State.TOO_LONG

    def test_tells_once_of_a_client_that_wants_to_be_asked(self) -> None:
        arrival = Arrival()
        arrival.take(post(b"Expect: 100-continue", b"Content-Length: 3"))
        assert [arrival.awaits_invitation() for _ in range(2)] == [True, False]

    def test_invites_nobody_who_only_mentions_it(self) -> None:
        arrival = Arrival()
        arrival.take(post(b"X-Note: 100-continue", b"Content-Length: 3"))
        assert not arrival.awaits_invitation()

    def test_invites_nobody_whose_body_is_refused(self) -> None:
        arrival = Arrival()
        arrival.take(post(b"Expect: 100-continue", b"Transfer-Encoding: chunked"))
        assert not arrival.awaits_invitation()
