"""Whole lives of an account, told through the Python client."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest
from backend_client import AsyncClient, Client, MemoryTokens, Tokens, errors, models

from tests.service import Service

PASSWORD = "a quiet walk by the sea"
NEW_PASSWORD = "a louder walk by the sea"

type Device = Callable[[str], Client]


@pytest.fixture
def device(service: Service) -> Iterator[Device]:
    """Makes devices: clients with a name of their own."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(Client(service.url, user_agent=name))


@pytest.fixture
def phone(device: Device) -> Client:
    return device("phone")


@pytest.fixture
def laptop(device: Device) -> Client:
    return device("laptop")


@pytest.fixture
def email() -> str:
    """An address that nobody else in this run has."""
    return f"ada.{uuid4().hex[:12]}@example.com"


def sign_up(api: Client, email: str, **names: str) -> None:
    api.auth.register(email=email, password=PASSWORD, password_confirm=PASSWORD, **names)
    api.auth.login(email=email, password=PASSWORD)


def is_signed_in(api: Client) -> bool:
    try:
        api.users.me.get()
    except errors.LoginRequired:
        return False
    return True


def kept(api: Client) -> Tokens:
    tokens = api.tokens.load()
    assert tokens is not None
    return tokens


class TestAnAccount:
    def test_lives_a_whole_life(self, phone: Client, laptop: Client, email: str) -> None:
        # Ada signs up on her phone, types her name in, and is who she says.
        born = phone.auth.register(
            email=email, password=PASSWORD, password_confirm=PASSWORD, first_name="Ada"
        )
        with pytest.raises(errors.NotAuthenticated):
            phone.users.me.get()
        phone.auth.login(email=email, password=PASSWORD)
        me = phone.users.me.get()
        assert me == born
        me = phone.users.me.update(last_name="Lovelace", if_match=me)
        assert (me.first_name, me.last_name) == ("Ada", "Lovelace")

        # She opens her laptop, types her address in capitals, and sees both devices.
        laptop.auth.login(email=email.upper(), password=PASSWORD)
        assert laptop.users.me.get() == me
        devices = laptop.auth.sessions.list().results
        assert [row.user_agent.split()[0] for row in devices] == ["laptop", "phone"]
        assert [row.current for row in devices] == [True, False]

        # She loses the phone: from the laptop she ends its session, and it is out at once.
        laptop.auth.sessions.end(devices[1].id)
        with pytest.raises(errors.SessionRevoked):
            phone.users.me.get()
        assert phone.tokens.load() is None
        assert len(laptop.auth.sessions.list().results) == 1

        # The laptop stays signed in for days.
        spent = kept(laptop).refresh
        for _ in range(3):
            laptop.auth.refresh()
        assert kept(laptop).refresh != spent
        assert is_signed_in(laptop)

        # The phone turns up; signed in again, it is thrown out by a change of password.
        phone.auth.login(email=email, password=PASSWORD)
        with pytest.raises(errors.ValidationError) as wrong:
            change_password(laptop, NEW_PASSWORD, PASSWORD)
        assert wrong.value.errors.keys() == {"current_password"}
        change_password(laptop, PASSWORD, NEW_PASSWORD)
        assert is_signed_in(laptop)
        assert not is_signed_in(phone)
        with pytest.raises(errors.InvalidCredentials):
            phone.auth.login(email=email, password=PASSWORD)
        phone.auth.login(email=email, password=NEW_PASSWORD)

        # In the end she leaves everywhere at once, and is welcome to come back.
        phone.auth.logout_all()
        assert not is_signed_in(phone)
        with pytest.raises(errors.SessionRevoked):
            laptop.auth.refresh()
        laptop.auth.login(email=email, password=NEW_PASSWORD)
        assert laptop.users.me.get().id == born.id
        assert len([*laptop.auth.sessions.iterate()]) == 1

    def test_throws_a_thief_out(
        self, service: Service, phone: Client, laptop: Client, email: str
    ) -> None:
        # Somebody copies the phone's tokens and uses them first.
        sign_up(phone, email)
        laptop.auth.login(email=email, password=PASSWORD)
        with Client(service.url, tokens=MemoryTokens(kept(phone))) as thief:
            thief.auth.refresh()
            thief.auth.refresh()

            # When the phone uses its own, neither of the two is let in any longer.
            with pytest.raises(errors.RefreshTokenReused):
                phone.auth.refresh()
            assert not is_signed_in(thief)
        assert not is_signed_in(phone)

        # The laptop is not touched, and the phone just signs in again.
        assert is_signed_in(laptop)
        phone.auth.login(email=email, password=PASSWORD)

    def test_is_open_in_two_tabs(self, service: Service, laptop: Client, email: str) -> None:
        # Both tabs wake up with the same token; the second knows nothing of the first.
        sign_up(laptop, email)
        woken = kept(laptop)
        alone = MemoryTokens(Tokens(woken.access, woken.refresh, woken.expires_at))
        laptop.auth.refresh()

        # It is told that the first was faster, takes its pair, and nobody is thrown out.
        with Client(service.url, tokens=alone, user_agent="laptop") as tab:
            with pytest.raises(errors.RefreshTokenRotated):
                tab.auth.refresh()
            alone.save(kept(laptop))
            tab.auth.refresh()
            assert is_signed_in(tab)

    def test_leaves_one_device_after_the_other(
        self, phone: Client, laptop: Client, email: str
    ) -> None:
        sign_up(phone, email)
        laptop.auth.login(email=email, password=PASSWORD)
        phone.auth.logout()
        assert not is_signed_in(phone)
        assert is_signed_in(laptop)
        laptop.auth.logout()
        with pytest.raises(errors.NotAuthenticated):
            laptop.auth.logout()

    def test_pages_through_its_devices(self, device: Device, phone: Client, email: str) -> None:
        sign_up(phone, email)
        for number in range(5):
            device(f"device-{number}").auth.login(email=email, password=PASSWORD)
        seen = [row.user_agent.split()[0] for row in phone.auth.sessions.iterate(page_size=2)]
        assert seen == [*(f"device-{number}" for number in (4, 3, 2, 1, 0)), "phone"]

    def test_is_nobody_elses_business(self, phone: Client, laptop: Client, email: str) -> None:
        sign_up(phone, email)
        sign_up(laptop, f"eve.{email}")
        adas = phone.auth.sessions.list().results[0].id

        # Eve sees herself only, and cannot throw Ada out whose session's id she knows.
        with pytest.raises(errors.NotFound):
            laptop.auth.sessions.end(adas)
        assert len(laptop.auth.sessions.list().results) == 1
        assert laptop.users.me.get().email == f"eve.{email}"
        with pytest.raises(errors.PermissionDenied):
            laptop.users.list()
        laptop.auth.logout_all()
        assert is_signed_in(phone)

    def test_is_changed_by_one_device_at_a_time(
        self, phone: Client, laptop: Client, email: str
    ) -> None:
        sign_up(phone, email)
        laptop.auth.login(email=email, password=PASSWORD)
        seen = laptop.users.me.get()
        newer = phone.users.me.update(first_name="Ada", if_match=phone.users.me.get())
        assert phone.users.me.get(if_none_match=newer) is newer
        with pytest.raises(errors.PreconditionFailed) as lost:
            laptop.users.me.update(first_name="Augusta", if_match=seen)
        assert lost.value.request_id
        assert laptop.users.me.get(if_none_match=seen) == newer

    def test_is_found_by_staff(self, service: Service, device: Device, email: str) -> None:
        name = uuid4().hex
        for number in range(3):
            device("phone").auth.register(
                email=f"{number}.{email}",
                password=PASSWORD,
                password_confirm=PASSWORD,
                last_name=name,
            )
        boss = f"boss.{email}"
        service.manage(
            "createsuperuser", "--noinput", "--email", boss, DJANGO_SUPERUSER_PASSWORD=PASSWORD
        )
        staff = device("desk")
        staff.auth.login(email=boss, password=PASSWORD)
        found = [*staff.users.iterate(search=name, ordering="email", page_size=2)]
        assert [one.email for one in found] == [f"{number}.{email}" for number in range(3)]
        changed = staff.users.update(
            found[0].id, is_active=False, if_match=staff.users.get(found[0].id)
        )
        assert isinstance(changed, models.StaffUser)
        assert not changed.is_active
        assert [one.type for one in staff.users.iterate_security_events(found[0].id)]

    def test_is_deleted_for_good(self, phone: Client, email: str) -> None:
        sign_up(phone, email)
        phone.users.me.delete(password=PASSWORD)
        assert phone.tokens.load() is None
        with pytest.raises(errors.InvalidCredentials):
            phone.auth.login(email=email, password=PASSWORD)


class TestAnAwaitedAccount:
    def test_lives_a_life(self, service: Service, email: str) -> None:
        async def life() -> None:
            async with AsyncClient(service.url, user_agent="phone") as phone:
                born = await phone.auth.register(
                    email=email, password=PASSWORD, password_confirm=PASSWORD
                )
                await phone.auth.login(email=email, password=PASSWORD)
                me = await phone.users.me.update(
                    first_name="Ada", if_match=await phone.users.me.get()
                )
                assert (me.id, me.first_name) == (born.id, "Ada")
                assert await phone.users.me.get(if_none_match=me) is me
                assert [row.current async for row in phone.auth.sessions.iterate()] == [True]
                await phone.auth.refresh()
                await phone.auth.logout()
                with pytest.raises(errors.NotAuthenticated):
                    await phone.users.me.get()

        asyncio.run(life())

    def test_is_thrown_out_once_and_clearly(self, service: Service, email: str) -> None:
        async def life() -> list[object]:
            async with AsyncClient(service.url) as phone, AsyncClient(service.url) as laptop:
                await phone.auth.register(email=email, password=PASSWORD, password_confirm=PASSWORD)
                await phone.auth.login(email=email, password=PASSWORD)
                await laptop.auth.login(email=email, password=PASSWORD)
                await laptop.auth.logout_all()
                calls = (phone.users.me.get() for _ in range(5))
                outcomes = [*await asyncio.gather(*calls, return_exceptions=True)]
                return [*outcomes, phone.tokens.load()]

        *outcomes, tokens = asyncio.run(life())
        assert {type(one) for one in outcomes} == {errors.SessionRevoked}
        assert tokens is None


def change_password(api: Client, old: str, new: str) -> None:
    api.auth.password.change(current_password=old, new_password=new, new_password_confirm=new)
