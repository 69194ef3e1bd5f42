# Generated from the service's OpenAPI document. Do not edit; run `./just clients`.
"""The operations, as methods to await."""

from collections.abc import AsyncIterator
from typing import Literal
from uuid import UUID

from . import models, operations
from .base_model import Versioned
from .core import Core
from .groups import AsyncGroup
from .operation import Arguments
from .unset import UNSET, Unset


class AsyncAuthEmail(AsyncGroup):
    """Operations of ``auth.email``."""

    async def verify(
        self, *, token: str, idempotency_key: str | None = None, request_id: str | None = None
    ) -> None:
        """Prove an address with the token of a mailed link; a new address becomes the account's.

        - `token`: A token, as it was answered.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
            Conflict: Something else was there first.
        """
        await self._call(
            operations.AUTH_EMAIL_VERIFY,
            Arguments(
                body={"token": token}, idempotency_key=idempotency_key, request_id=request_id
            ),
        )

    async def verify_resend(
        self, *, email: str, idempotency_key: str | None = None, request_id: str | None = None
    ) -> None:
        """Ask for another verification link.

        The answer does not tell whether there is an account.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        await self._call(
            operations.AUTH_EMAIL_VERIFY_RESEND,
            Arguments(
                body={"email": email}, idempotency_key=idempotency_key, request_id=request_id
            ),
        )

    async def change(
        self,
        *,
        email: str,
        password: str,
        idempotency_key: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """Ask to move to another address.

        It has to prove itself first; the old one is warned.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        await self._call(
            operations.AUTH_EMAIL_CHANGE,
            Arguments(
                body={"email": email, "password": password},
                idempotency_key=idempotency_key,
                request_id=request_id,
            ),
        )


class AsyncAuthPassword(AsyncGroup):
    """Operations of ``auth.password``."""

    async def change(
        self,
        *,
        current_password: str,
        new_password: str,
        new_password_confirm: str,
        idempotency_key: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """Change your password.

        Every other session ends, this one lives on.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        await self._call(
            operations.AUTH_PASSWORD_CHANGE,
            Arguments(
                body={
                    "current_password": current_password,
                    "new_password": new_password,
                    "new_password_confirm": new_password_confirm,
                },
                idempotency_key=idempotency_key,
                request_id=request_id,
            ),
        )

    async def reset(
        self, *, email: str, idempotency_key: str | None = None, request_id: str | None = None
    ) -> None:
        """Ask for a link to a new password.

        The answer does not tell whether there is an account.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        await self._call(
            operations.AUTH_PASSWORD_RESET,
            Arguments(
                body={"email": email}, idempotency_key=idempotency_key, request_id=request_id
            ),
        )

    async def reset_confirm(
        self,
        *,
        token: str,
        password: str,
        password_confirm: str,
        idempotency_key: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """Set a new password with the token of a mailed link.

        Every session ends.

        - `token`: A token, as it was answered.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        await self._call(
            operations.AUTH_PASSWORD_RESET_CONFIRM,
            Arguments(
                body={"token": token, "password": password, "password_confirm": password_confirm},
                idempotency_key=idempotency_key,
                request_id=request_id,
            ),
        )


class AsyncAuthSessions(AsyncGroup):
    """Operations of ``auth.sessions``."""

    async def list(
        self,
        *,
        page_size: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        request_id: str | None = None,
    ) -> models.SessionPage:
        """List where you are logged in, the newest login first.

        - `page_size`: How many results to answer at most.
        - `cursor`: Where to go on: take it from `next` or `previous`.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        return await self._call(
            operations.AUTH_SESSIONS_LIST,
            Arguments(query={"page_size": page_size, "cursor": cursor}, request_id=request_id),
        )

    def iterate(
        self, *, page_size: int | Unset = UNSET, request_id: str | None = None
    ) -> AsyncIterator[models.Session]:
        """List where you are logged in, the newest login first.

        All pages, read one after the other as you go on.

        - `page_size`: How many results to answer at most.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        return self._rows(
            operations.AUTH_SESSIONS_LIST,
            Arguments(query={"page_size": page_size}, request_id=request_id),
        )

    async def end(
        self,
        session_id: UUID | str,
        *,
        idempotency_key: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """End one of your sessions.

        - `session_id`: The id of a session.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
            NotFound: There is no such thing, or it is not the user's to see.
        """
        await self._call(
            operations.AUTH_SESSIONS_END,
            Arguments(
                path={"session_id": session_id},
                idempotency_key=idempotency_key,
                request_id=request_id,
            ),
        )


class AsyncUsersMe(AsyncGroup):
    """Operations of ``users.me``."""

    async def get(
        self, *, if_none_match: models.User | None = None, request_id: str | None = None
    ) -> models.User:
        """Read your own account.

        - `if_none_match`: What you have read; it is returned if it has not changed.
        """
        return await self._call(
            operations.USERS_ME_GET, Arguments(if_none_match=if_none_match, request_id=request_id)
        )

    async def update(
        self,
        *,
        first_name: str | Unset = UNSET,
        last_name: str | Unset = UNSET,
        if_match: Versioned | str | None = None,
        idempotency_key: str | None = None,
        request_id: str | None = None,
    ) -> models.User:
        """Change your own names.

        A field left out stays as it is.

        - `if_match`: What you have read, or its ETag: refused if it has changed since.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
            PreconditionFailed: It has changed since it was read.
        """
        return await self._call(
            operations.USERS_ME_UPDATE,
            Arguments(
                body={"first_name": first_name, "last_name": last_name},
                if_match=if_match,
                idempotency_key=idempotency_key,
                request_id=request_id,
            ),
        )

    async def delete(
        self, *, password: str, idempotency_key: str | None = None, request_id: str | None = None
    ) -> None:
        """Delete your account, for good.

        Your address is free again at once.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        await self._call(
            operations.USERS_ME_DELETE,
            Arguments(
                body={"password": password}, idempotency_key=idempotency_key, request_id=request_id
            ),
        )

    async def security_events(
        self,
        *,
        page_size: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        request_id: str | None = None,
    ) -> models.SecurityEventPage:
        """List what happened to your account, the newest first.

        - `page_size`: How many results to answer at most.
        - `cursor`: Where to go on: take it from `next` or `previous`.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        return await self._call(
            operations.USERS_ME_SECURITY_EVENTS,
            Arguments(query={"page_size": page_size, "cursor": cursor}, request_id=request_id),
        )

    def iterate_security_events(
        self, *, page_size: int | Unset = UNSET, request_id: str | None = None
    ) -> AsyncIterator[models.SecurityEvent]:
        """List what happened to your account, the newest first.

        All pages, read one after the other as you go on.

        - `page_size`: How many results to answer at most.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        return self._rows(
            operations.USERS_ME_SECURITY_EVENTS,
            Arguments(query={"page_size": page_size}, request_id=request_id),
        )


class AsyncAuth(AsyncGroup):
    """Accounts' way in: registration, tokens, sessions, passwords."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.sessions = AsyncAuthSessions(core)
        self.password = AsyncAuthPassword(core)
        self.email = AsyncAuthEmail(core)

    async def register(
        self,
        *,
        email: str,
        password: str,
        password_confirm: str,
        first_name: str | Unset = UNSET,
        last_name: str | Unset = UNSET,
        idempotency_key: str | None = None,
        request_id: str | None = None,
    ) -> models.User:
        """Create an account.

        It can log in at once, verified or not.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        return await self._call(
            operations.AUTH_REGISTER,
            Arguments(
                body={
                    "email": email,
                    "password": password,
                    "password_confirm": password_confirm,
                    "first_name": first_name,
                    "last_name": last_name,
                },
                idempotency_key=idempotency_key,
                request_id=request_id,
            ),
        )

    async def login(
        self, *, email: str, password: str, request_id: str | None = None
    ) -> models.TokenPair:
        """Open a session.

        Unknown, wrong and inactive are refused alike.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
            InvalidCredentials: Address or password is wrong, or the account is not active.
        """
        return await self._call(
            operations.AUTH_LOGIN,
            Arguments(body={"email": email, "password": password}, request_id=request_id),
        )

    async def refresh(self) -> None:
        """Exchange a refresh token for a new pair; the old one is spent.

        The client does it unasked when the access token expires.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
            RefreshTokenRotated: Somebody else has just exchanged the same refresh token.
            RefreshTokenReused: A refresh token was used twice: the session has been ended.
        """
        await self._refresh()

    async def logout(
        self, *, idempotency_key: str | None = None, request_id: str | None = None
    ) -> None:
        """End the session of a refresh token, or without one the bearer's own.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        await self._call(
            operations.AUTH_LOGOUT,
            Arguments(idempotency_key=idempotency_key, request_id=request_id),
        )

    async def logout_all(
        self, *, idempotency_key: str | None = None, request_id: str | None = None
    ) -> None:
        """End every session of yours, this one too.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        await self._call(
            operations.AUTH_LOGOUT_ALL,
            Arguments(idempotency_key=idempotency_key, request_id=request_id),
        )

    async def not_me(
        self, *, token: str, idempotency_key: str | None = None, request_id: str | None = None
    ) -> None:
        """Object to what a mail told of: every session and the password end, a reset link is mailed.

        - `token`: A token, as it was answered.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
        """
        await self._call(
            operations.AUTH_NOT_ME,
            Arguments(
                body={"token": token}, idempotency_key=idempotency_key, request_id=request_id
            ),
        )


class AsyncHealth(AsyncGroup):
    """Probes for people, load balancers and orchestrators."""

    async def read(self, *, request_id: str | None = None) -> models.Health:
        """How every part of the service is; 503 when the database is away."""
        return await self._call(operations.HEALTH_READ, Arguments(request_id=request_id))

    async def live(self, *, request_id: str | None = None) -> models.Live:
        """The process answers.

        Nothing else is touched.
        """
        return await self._call(operations.HEALTH_LIVE, Arguments(request_id=request_id))

    async def ready(self, *, request_id: str | None = None) -> models.Health:
        """Whether to send requests here: database there, migrations applied, not about to stop."""
        return await self._call(operations.HEALTH_READY, Arguments(request_id=request_id))


class AsyncUsers(AsyncGroup):
    """Who the caller is; for staff, who everybody is."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.me = AsyncUsersMe(core)

    async def list(
        self,
        *,
        page_size: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        search: str | Unset = UNSET,
        is_active: bool | Unset = UNSET,
        is_staff: bool | Unset = UNSET,
        ordering: Literal["created_at", "-created_at", "email", "-email"] | Unset = UNSET,
        request_id: str | None = None,
    ) -> models.StaffUserPage:
        """List users, searched, filtered and sorted.

        - `page_size`: How many results to answer at most.
        - `cursor`: Where to go on: take it from `next` or `previous`.
        - `search`: A part of the email, first or last name, whatever its case.
        - `is_active`: Only those who may log in, or may not.
        - `is_staff`: Only those who may use the admin site, or may not.
        - `ordering`: What a list of users is sorted by; with `-` descending.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
            PermissionDenied: The user may not do this.
        """
        return await self._call(
            operations.USERS_LIST,
            Arguments(
                query={
                    "page_size": page_size,
                    "cursor": cursor,
                    "search": search,
                    "is_active": is_active,
                    "is_staff": is_staff,
                    "ordering": ordering,
                },
                request_id=request_id,
            ),
        )

    def iterate(
        self,
        *,
        page_size: int | Unset = UNSET,
        search: str | Unset = UNSET,
        is_active: bool | Unset = UNSET,
        is_staff: bool | Unset = UNSET,
        ordering: Literal["created_at", "-created_at", "email", "-email"] | Unset = UNSET,
        request_id: str | None = None,
    ) -> AsyncIterator[models.StaffUser]:
        """List users, searched, filtered and sorted.

        All pages, read one after the other as you go on.

        - `page_size`: How many results to answer at most.
        - `search`: A part of the email, first or last name, whatever its case.
        - `is_active`: Only those who may log in, or may not.
        - `is_staff`: Only those who may use the admin site, or may not.
        - `ordering`: What a list of users is sorted by; with `-` descending.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
            PermissionDenied: The user may not do this.
        """
        return self._rows(
            operations.USERS_LIST,
            Arguments(
                query={
                    "page_size": page_size,
                    "search": search,
                    "is_active": is_active,
                    "is_staff": is_staff,
                    "ordering": ordering,
                },
                request_id=request_id,
            ),
        )

    async def get(
        self,
        user_id: UUID | str,
        *,
        if_none_match: models.StaffUser | models.User | None = None,
        request_id: str | None = None,
    ) -> models.StaffUser | models.User:
        """Read a user: yourself, or anybody with the permission.

        Who lacks it learns nothing.

        - `user_id`: The id of a user.
        - `if_none_match`: What you have read; it is returned if it has not changed.

        Raises:
            NotFound: There is no such thing, or it is not the user's to see.
        """
        return await self._call(
            operations.USERS_GET,
            Arguments(
                path={"user_id": user_id}, if_none_match=if_none_match, request_id=request_id
            ),
        )

    async def update(
        self,
        user_id: UUID | str,
        *,
        first_name: str | Unset = UNSET,
        last_name: str | Unset = UNSET,
        is_active: bool | Unset = UNSET,
        is_staff: bool | Unset = UNSET,
        if_match: Versioned | str | None = None,
        idempotency_key: str | None = None,
        request_id: str | None = None,
    ) -> models.StaffUser | models.User:
        """Change a user.

        Staff rights, and superusers, are for superusers to change.

        - `user_id`: The id of a user.
        - `if_match`: What you have read, or its ETag: refused if it has changed since.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
            PermissionDenied: The user may not do this.
            NotFound: There is no such thing, or it is not the user's to see.
            PreconditionFailed: It has changed since it was read.
        """
        return await self._call(
            operations.USERS_UPDATE,
            Arguments(
                path={"user_id": user_id},
                body={
                    "first_name": first_name,
                    "last_name": last_name,
                    "is_active": is_active,
                    "is_staff": is_staff,
                },
                if_match=if_match,
                idempotency_key=idempotency_key,
                request_id=request_id,
            ),
        )

    async def security_events(
        self,
        user_id: UUID | str,
        *,
        page_size: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        request_id: str | None = None,
    ) -> models.SecurityEventPage:
        """List what happened to a user's account, the newest first.

        - `user_id`: The id of a user.
        - `page_size`: How many results to answer at most.
        - `cursor`: Where to go on: take it from `next` or `previous`.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
            PermissionDenied: The user may not do this.
            NotFound: There is no such thing, or it is not the user's to see.
        """
        return await self._call(
            operations.USERS_SECURITY_EVENTS,
            Arguments(
                path={"user_id": user_id},
                query={"page_size": page_size, "cursor": cursor},
                request_id=request_id,
            ),
        )

    def iterate_security_events(
        self, user_id: UUID | str, *, page_size: int | Unset = UNSET, request_id: str | None = None
    ) -> AsyncIterator[models.SecurityEvent]:
        """List what happened to a user's account, the newest first.

        All pages, read one after the other as you go on.

        - `user_id`: The id of a user.
        - `page_size`: How many results to answer at most.

        Raises:
            ValidationError: A field is wrong; `errors` says which, and why.
            PermissionDenied: The user may not do this.
            NotFound: There is no such thing, or it is not the user's to see.
        """
        return self._rows(
            operations.USERS_SECURITY_EVENTS,
            Arguments(
                path={"user_id": user_id}, query={"page_size": page_size}, request_id=request_id
            ),
        )


class AsyncApi(AsyncGroup):
    """All operations."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.auth = AsyncAuth(core)
        self.users = AsyncUsers(core)
        self.health = AsyncHealth(core)
