import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from backend.core import etags
from backend.core.errors import PreconditionFailed
from backend.core.etags import ANY, Precondition


def meant_for(header: str | None, version: int) -> bool:
    """Whether a change with this ``If-Match`` goes on."""
    headers = {} if header is None else {"If-Match": header}
    try:
        Precondition.of(RequestFactory().patch("/", headers=headers)).require(version)
    except PreconditionFailed:
        return False
    return True


def status(header: str | None, *, version: int = 7, shape: str = "", method: str = "GET") -> int:
    """What a read with this ``If-None-Match`` is answered."""
    headers = {} if header is None else {"If-None-Match": header}
    response = HttpResponse()
    etags.mark(response, version, shape=shape)
    request = RequestFactory().generic(method, "/", headers=headers)
    return etags.fresh(request, response).status_code


class TestMark:
    def test_is_the_version(self) -> None:
        response = HttpResponse()
        etags.mark(response, 7)
        assert response["ETag"] == '"7"'

    def test_names_the_shape(self) -> None:
        response = HttpResponse()
        etags.mark(response, 7, shape="staff")
        assert response["ETag"] == '"7.staff"'


class TestIfMatch:
    @pytest.mark.parametrize(
        "header", [None, "*", " * ", '"7"', '"7.staff"', '"6", "7"', ' "7" ,"8"', 'W/"1","7"']
    )
    def test_lets_the_version_pass(self, header: str | None) -> None:
        assert meant_for(header, 7)

    @pytest.mark.parametrize(
        "header",
        [
            *("", "7", 'W/"7"', '"6"', '"77"', '"6", "8"'),
            *('"7.STAFF"', '"7.', '"x"', '"\u0667"', f'"{"9" * 400}"'),
        ],
    )
    def test_stops_any_other(self, header: str) -> None:
        assert not meant_for(header, 7)

    def test_is_nothing_to_services_that_are_not_told(self) -> None:
        ANY.require(7)


class TestIfNoneMatch:
    @pytest.mark.parametrize("header", ['"7"', 'W/"7"', '"6", "7"', "*", '"6",W/"7"'])
    def test_spares_what_is_known(self, header: str) -> None:
        assert status(header) == 304

    @pytest.mark.parametrize("header", [None, "", '"6"', "7", '"7.staff"', '"7', ","])
    def test_gets_what_is_not(self, header: str | None) -> None:
        assert status(header) == 200

    def test_tells_shapes_apart(self) -> None:
        assert status('"7"', shape="staff") == 200
        assert status('"7.staff"', shape="staff") == 304

    def test_is_for_reads(self) -> None:
        assert status('"7"', method="PATCH") == 200

    def test_leaves_answers_without_a_tag(self) -> None:
        request = RequestFactory().get("/", headers={"If-None-Match": "*"})
        assert etags.fresh(request, HttpResponse(status=401)).status_code == 401
