"""What the Python client sends, and what it makes of the answers."""

import asyncio
from uuid import UUID

import httpx
import pytest
from backend_client import UNSET, AsyncClient, Client, MemoryTokens, __version__, models

from tests.clients.wire import (
    STAFF_USER,
    URL,
    USER,
    Wire,
    async_client,
    client,
    done,
    logged_in,
    page,
    refusal,
    user,
)

ID = UUID(USER["id"])


def staff_user(number: int) -> dict[str, object]:
    return {**STAFF_USER, "email": f"user{number}@example.com"}


class TestRequest:
    def test_goes_to_the_service(self) -> None:
        wire = Wire(user())
        client(wire, tokens=logged_in()).users.get(ID)
        assert str(wire.requests[0].url) == f"{URL}/api/v1/users/{ID}/"

    def test_goes_below_the_path_where_a_proxy_has_put_the_service(self) -> None:
        wire = Wire(user())
        http = httpx.Client(transport=httpx.MockTransport(wire))
        Client(f"{URL}/accounts/", http=http).users.me.get()
        assert wire.requests[0].url.path == "/accounts/api/v1/users/me/"

    def test_names_the_client_and_the_program(self) -> None:
        wire = Wire(user(), user())
        client(wire, tokens=logged_in()).users.me.get()
        client(wire, tokens=logged_in(), user_agent="phone/7").users.me.get()
        name = f"backend-client-python/{__version__}"
        assert wire.sent("User-Agent") == [name, f"phone/7 {name}"]

    def test_leaves_out_what_is_left_out(self) -> None:
        wire = Wire(user())
        client(wire, tokens=logged_in()).users.me.update(first_name="Ada", last_name=UNSET)
        assert wire.bodies() == [{"first_name": "Ada"}]
        assert wire.sent("Content-Type") == ["application/json"]

    def test_has_no_body_without_need(self) -> None:
        wire = Wire(done())
        client(wire, tokens=logged_in()).auth.sessions.end(ID)
        assert (wire.requests[0].content, wire.sent("Content-Type")) == (b"", [None])

    def test_filters_and_sorts(self) -> None:
        wire = Wire(page())
        client(wire, tokens=logged_in()).users.list(search="a&b", is_staff=True, ordering="-email")
        query = dict(wire.requests[0].url.params)
        assert query == {"search": "a&b", "is_staff": "true", "ordering": "-email"}

    def test_may_carry_an_id(self) -> None:
        wire = Wire(user())
        client(wire, tokens=logged_in()).users.me.get(request_id="job-7")
        assert wire.sent("X-Request-ID") == ["job-7"]

    def test_reads_without_a_key(self) -> None:
        wire = Wire(user())
        client(wire, tokens=logged_in()).users.me.get()
        assert wire.sent("Idempotency-Key") == [None]

    def test_cannot_be_led_elsewhere_by_an_id(self) -> None:
        wire = Wire(refusal(404, "not_found"))
        api = client(wire, tokens=logged_in())
        with pytest.raises(Exception, match="not_found"):
            api.users.get("../health")
        assert wire.requests[0].url.raw_path == b"/api/v1/users/..%2Fhealth/"
        for nothing in ("", ".", ".."):
            with pytest.raises(ValueError, match="needs an id"):
                api.users.get(nothing)


class TestModel:
    def test_has_types(self) -> None:
        me = client(Wire(user()), tokens=logged_in()).users.me.get()
        assert (me.id, me.created_at.tzinfo is not None) == (ID, True)

    def test_ignores_what_a_later_service_adds(self) -> None:
        me = client(Wire(user(pronouns="she")), tokens=logged_in()).users.me.get()
        assert "pronouns" not in me.model_dump()

    def test_takes_words_that_a_later_service_adds(self) -> None:
        event = {
            "id": str(ID),
            "type": "passkey_added",
            "created_at": "2026-11-23T12:00:00Z",
            "ip_address": None,
            "user_agent": "",
            "session_id": None,
            "request_id": "",
        }
        events = client(Wire(page(event)), tokens=logged_in()).users.me.security_events()
        assert events.results[0].type == "passkey_added"

    def test_is_what_the_caller_may_see(self) -> None:
        wire = Wire(httpx.Response(200, json=STAFF_USER), user())
        api = client(wire, tokens=logged_in())
        assert [type(api.users.get(ID)) for _ in range(2)] == [models.StaffUser, models.User]

    def test_cannot_be_changed(self) -> None:
        me = client(Wire(user()), tokens=logged_in()).users.me.get()
        with pytest.raises(ValueError, match="frozen"):
            me.first_name = "Eve"  # type: ignore[misc]  # that is the subject


class TestETag:
    def test_comes_with_the_model(self) -> None:
        me = client(Wire(user('"7"')), tokens=logged_in()).users.me.get()
        assert me.etag == '"7"'

    def test_makes_no_difference_between_equal_models(self) -> None:
        api = client(Wire(user('"7"'), user()), tokens=logged_in())
        one, other = api.users.me.get(), api.users.me.get()
        assert (one, hash(one)) == (other, hash(other))
        assert one != models.User(**{**USER, "first_name": "Eve"})

    def test_of_what_was_read_guards_the_change(self) -> None:
        wire = Wire(user('"7"'), user('"8"'), user('"9"'))
        api = client(wire, tokens=logged_in())
        me = api.users.me.update(first_name="A", if_match=api.users.me.get())
        api.users.me.update(first_name="B", if_match=me.etag)
        assert wire.sent("If-Match") == [None, '"7"', '"8"']

    def test_that_is_missing_guards_nothing(self) -> None:
        api = client(Wire(user()), tokens=logged_in())
        with pytest.raises(ValueError, match="no ETag"):
            api.users.me.update(first_name="A", if_match=models.User(**USER))

    def test_saves_reading_what_has_not_changed(self) -> None:
        wire = Wire(user('"7"'), httpx.Response(304))
        api = client(wire, tokens=logged_in())
        me = api.users.me.get()
        assert api.users.me.get(if_none_match=me) is me
        assert wire.sent("If-None-Match") == [None, '"7"']

    def test_can_be_given_back_to_a_model_that_was_put_away(self) -> None:
        me = models.User(**USER).with_etag('"7"')
        assert me.etag == '"7"'
        assert me.model_copy().etag == '"7"'


class TestIterate:
    def test_reads_page_after_page_as_it_goes(self) -> None:
        wire = Wire(page(staff_user(1), staff_user(2), after="c2"), page(staff_user(3)))
        rows = client(wire, tokens=logged_in()).users.iterate(search="user", page_size=2)
        assert [next(rows).email, next(rows).email] == ["user1@example.com", "user2@example.com"]
        assert len(wire.requests) == 1
        assert [row.email for row in rows] == ["user3@example.com"]
        first, second = (dict(request.url.params) for request in wire.requests)
        assert first == {"search": "user", "page_size": "2"}
        assert second == {**first, "cursor": "c2"}

    def test_takes_the_token_nowhere_else(self) -> None:
        wire = Wire(page(staff_user(1), after="c2"), page())
        assert len([*client(wire, tokens=logged_in()).users.iterate()]) == 1
        assert {request.url.host for request in wire.requests} == {"api.example.com"}

    def test_is_for_the_async_client_too(self) -> None:
        wire = Wire(page(staff_user(1), after="c2"), page(staff_user(2)))

        async def emails() -> list[str]:
            api = async_client(wire, tokens=logged_in())
            return [row.email async for row in api.users.iterate()]

        assert asyncio.run(emails()) == ["user1@example.com", "user2@example.com"]


class TestClient:
    def test_closes_its_own_connections(self) -> None:
        with Client(URL) as api:
            http = api._http
        assert http.is_closed

    def test_leaves_yours_open(self) -> None:
        with httpx.Client() as http:
            with Client(URL, http=http):
                pass
            assert not http.is_closed

    def test_is_the_same_to_await(self) -> None:
        async def flow() -> tuple[bool, bool]:
            async with httpx.AsyncClient() as yours:
                async with AsyncClient(URL, http=yours), AsyncClient(URL) as api:
                    pass
                return yours.is_closed, api._http.is_closed

        assert asyncio.run(flow()) == (False, True)

    def test_keeps_an_empty_store_of_yours(self) -> None:
        tokens = MemoryTokens()
        with Client(URL, tokens=tokens) as api:
            assert api.tokens is tokens
