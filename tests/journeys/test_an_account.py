"""Whole lives of an account, as its owner's devices would tell them."""

from copy import copy
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from backend.testing.client import Answer, OverTheWire
from tests.service import Service

PASSWORD = "a quiet walk by the sea"
NEW_PASSWORD = "a louder walk by the sea"


class Device:
    """A phone or a browser: it keeps a pair of tokens and names itself."""

    def __init__(self, service: Service, name: str) -> None:
        self.http: OverTheWire = service.client()
        self.http.session.headers["User-Agent"] = self.name = name
        self.access = self.refresh = ""

    def sign_up(self, email: str, password: str = PASSWORD, **names: str) -> Answer:
        body = {"email": email, "password": password, "password_confirm": password, **names}
        return self.http.post("auth/register/", body)

    def sign_in(self, email: str, password: str = PASSWORD) -> Answer:
        return self._keep(self.http.post("auth/login/", {"email": email, "password": password}))

    def stay_signed_in(self, **headers: str) -> Answer:
        body = {"refresh": self.refresh}
        return self._keep(self.http.post("auth/refresh/", body, headers=headers))

    def get(self, path: str) -> Answer:
        return self.http.get(path, token=self.access)

    def post(self, path: str, body: object = None) -> Answer:
        return self.http.post(path, body, token=self.access)

    def patch(self, path: str, body: object) -> Answer:
        return self.http.patch(path, body, token=self.access)

    def delete(self, path: str) -> Answer:
        return self.http.delete(path, token=self.access)

    def is_signed_in(self) -> bool:
        answer = self.get("users/me/")
        assert answer.status == 200 or answer.code in {"session_revoked", "not_authenticated"}
        return answer.status == 200

    def _keep(self, answer: Answer) -> Answer:
        if answer.status == 200:
            self.access, self.refresh = answer.json["access"], answer.json["refresh"]
        return answer


@pytest.fixture
def phone(service: Service) -> Device:
    return Device(service, "phone")


@pytest.fixture
def laptop(service: Service) -> Device:
    return Device(service, "laptop")


@pytest.fixture
def email() -> str:
    """An address that nobody else in this run has."""
    return f"ada.{uuid4().hex[:12]}@example.com"


def change_password(device: Device, old: str, new: str) -> Answer:
    return device.post(
        "auth/password/change/",
        {"current_password": old, "new_password": new, "new_password_confirm": new},
    )


class TestAnAccount:
    def test_lives_a_whole_life(self, phone: Device, laptop: Device, email: str) -> None:
        # Ada signs up on her phone, types her name in, and is who she says.
        born = phone.sign_up(email, first_name="Ada")
        assert born.status == 201
        assert phone.get("users/me/").status == 401
        assert phone.sign_in(email).status == 200
        me = phone.get("users/me/")
        assert me.json == born.json
        renamed = phone.patch("users/me/", {"last_name": "Lovelace"})
        assert (renamed.json["first_name"], renamed.json["last_name"]) == ("Ada", "Lovelace")

        # She opens her laptop, types her address in capitals, and sees both devices.
        assert laptop.sign_in(email.upper()).status == 200
        assert laptop.get("users/me/").json == renamed.json
        devices = laptop.get("auth/sessions/").json["results"]
        assert [row["user_agent"] for row in devices] == ["laptop", "phone"]
        assert [row["current"] for row in devices] == [True, False]

        # She loses the phone: from the laptop she ends its session, and it is out at once.
        assert laptop.delete(f"auth/sessions/{devices[1]['id']}/").status == 204
        assert not phone.is_signed_in()
        assert phone.stay_signed_in().code == "session_revoked"
        assert len(laptop.get("auth/sessions/").json["results"]) == 1

        # The laptop stays signed in for days.
        spent = laptop.refresh
        for _ in range(3):
            assert laptop.stay_signed_in().status == 200
        assert laptop.refresh != spent
        assert laptop.is_signed_in()

        # The phone turns up; signed in again, it is thrown out by a change of password.
        assert phone.sign_in(email).status == 200
        assert change_password(laptop, NEW_PASSWORD, PASSWORD).errors.keys() == {"current_password"}
        assert change_password(laptop, PASSWORD, NEW_PASSWORD).status == 204
        assert laptop.is_signed_in()
        assert not phone.is_signed_in()
        assert phone.sign_in(email, PASSWORD).code == "invalid_credentials"
        assert phone.sign_in(email, NEW_PASSWORD).status == 200

        # In the end she leaves everywhere at once, and is welcome to come back.
        assert phone.post("auth/logout/all/").status == 204
        assert not phone.is_signed_in()
        assert not laptop.is_signed_in()
        assert laptop.stay_signed_in().code == "session_revoked"
        assert laptop.sign_in(email, NEW_PASSWORD).status == 200
        assert laptop.get("users/me/").json["id"] == born.json["id"]
        assert len(laptop.get("auth/sessions/").json["results"]) == 1

    def test_survives_a_lost_answer(self, phone: Device, email: str) -> None:
        # The phone goes into a tunnel: the answer to its refresh never arrives.
        phone.sign_up(email)
        phone.sign_in(email)
        before = phone.refresh
        key = {"Idempotency-Key": "tunnel-1"}
        lost = phone.stay_signed_in(**key).json
        phone.refresh = before

        # Out of the tunnel it asks again, with the key of its first try.
        again = phone.stay_signed_in(**key)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json["refresh"] == lost["refresh"]
        assert phone.is_signed_in()
        assert phone.stay_signed_in().status == 200
        assert phone.is_signed_in()

    def test_throws_a_thief_out(self, phone: Device, laptop: Device, email: str) -> None:
        # Somebody copies the phone's refresh token and uses it first.
        phone.sign_up(email)
        phone.sign_in(email)
        laptop.sign_in(email)
        thief = copy(phone)
        assert thief.stay_signed_in().status == 200
        assert thief.stay_signed_in().status == 200

        # When the phone uses its own, neither of the two is let in any longer.
        assert phone.stay_signed_in().code == "refresh_token_reused"
        assert not thief.is_signed_in()
        assert not phone.is_signed_in()
        assert thief.stay_signed_in().code == "session_revoked"

        # The laptop is not touched, and the phone just signs in again.
        assert laptop.is_signed_in()
        assert phone.sign_in(email).status == 200

    def test_is_open_in_two_tabs(self, laptop: Device, email: str) -> None:
        # Both tabs wake up with the same token and refresh it.
        laptop.sign_up(email)
        laptop.sign_in(email)
        woken = laptop.refresh
        assert laptop.stay_signed_in().status == 200
        first = laptop.refresh

        # The second is told that the first was faster, takes its pair, and nobody is thrown out.
        laptop.refresh = woken
        assert laptop.stay_signed_in().code == "refresh_token_rotated"
        laptop.refresh = first
        assert laptop.stay_signed_in().status == 200
        assert laptop.is_signed_in()

    def test_leaves_one_device_after_the_other(
        self, phone: Device, laptop: Device, email: str
    ) -> None:
        phone.sign_up(email)
        phone.sign_in(email)
        laptop.sign_in(email)

        # The phone leaves with its refresh token, twice by mistake; the laptop with its bearer.
        for _ in range(2):
            assert phone.http.post("auth/logout/", {"refresh": phone.refresh}).status == 204
        assert not phone.is_signed_in()
        assert laptop.is_signed_in()
        assert laptop.post("auth/logout/").status == 204
        assert laptop.post("auth/logout/").code == "session_revoked"

    def test_pages_through_its_devices(self, service: Service, phone: Device, email: str) -> None:
        phone.sign_up(email)
        for number in range(5):
            Device(service, f"device {number}").sign_in(email)
        phone.sign_in(email)
        seen: list[str] = []
        page = phone.get("auth/sessions/?page_size=2")
        while True:
            seen += [row["user_agent"] for row in page.json["results"]]
            if page.json["next"] is None:
                break
            assert urlsplit(page.json["next"]).netloc == urlsplit(service.url).netloc
            page = phone.get(page.json["next"])
        assert seen == ["phone", *(f"device {number}" for number in (4, 3, 2, 1, 0))]

    def test_is_nobody_elses_business(self, phone: Device, laptop: Device, email: str) -> None:
        phone.sign_up(email)
        phone.sign_in(email)
        laptop.sign_up(f"eve.{email}")
        laptop.sign_in(f"eve.{email}")
        adas = phone.get("auth/sessions/").json["results"][0]["id"]

        # Eve sees herself only, and cannot throw Ada out whose session's id she knows.
        assert laptop.delete(f"auth/sessions/{adas}/").code == "not_found"
        assert len(laptop.get("auth/sessions/").json["results"]) == 1
        assert laptop.get("users/me/").json["email"] == f"eve.{email}"
        assert laptop.post("auth/logout/all/").status == 204
        assert phone.is_signed_in()
