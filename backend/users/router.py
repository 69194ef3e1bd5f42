"""Users: the profile of whoever is calling, and everybody's for staff."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router

from backend.audit import events as audit
from backend.audit.schemas import SecurityEventOut
from backend.core import etags
from backend.core.errors import PermissionDenied
from backend.core.etags import Precondition
from backend.core.http.client import Client
from backend.core.openapi import permitted, raises, versioned
from backend.core.pagination import Page, PageQuery, paginate
from backend.users import services
from backend.users.models import User
from backend.users.request import UserRequest
from backend.users.schemas import (
    AccountDeletion,
    ProfilePatch,
    StaffUserOut,
    UserOut,
    UserPatch,
    UserQuery,
)

router = Router(tags=["users"])


@router.get("me/", response=UserOut)
@versioned
def me_get(request: UserRequest, response: HttpResponse) -> User:
    """Read your own account."""
    etags.mark(response, request.auth.user.version)
    return request.auth.user


@router.patch("me/", response=UserOut)
@versioned
def me_update(request: UserRequest, response: HttpResponse, data: ProfilePatch) -> User:
    """Change your own names. A field left out stays as it is."""
    user = services.update_profile(
        request.auth.user,
        precondition=Precondition.of(request),
        **data.model_dump(exclude_unset=True),
    )
    etags.mark(response, user.version)
    return user


@router.post("me/delete/", response={204: None})
def me_delete(request: UserRequest, data: AccountDeletion) -> None:
    """Delete your account, for good. Your address is free again at once."""
    services.delete_account(
        request.auth.user,
        **data.model_dump(),
        client=Client.of(request),
        session_id=request.auth.pk,
        now=timezone.now(),
    )


@router.get(
    "me/security-events/", operation_id="users.me.security_events", response=Page[SecurityEventOut]
)
def me_events(request: UserRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """List what happened to your account, the newest first."""
    return paginate(request, audit.of(request.auth.user.pk), query=page)


@router.get("", response=Page[StaffUserOut])
@permitted("users.view_user")
def list_(request: UserRequest, query: Query[UserQuery]) -> dict[str, Any]:
    """List users, searched, filtered and sorted."""
    filters = query.model_dump(include={"search", "is_active", "is_staff"}, exclude_unset=True)
    users = services.list_users(**filters)
    return paginate(request, users, query=query, order=query.ordering.column)


@router.get("{uuid:user_id}/", response=StaffUserOut | UserOut)
@permitted("users.view_user", otherwise=404)
@versioned
def get_(request: UserRequest, response: HttpResponse, user_id: UUID) -> UserOut:
    """Read a user: yourself, or anybody with the permission. Who lacks it learns nothing."""
    user = services.get_visible(user_id, to=request.auth.user, all_users=request.auth.is_permitted)
    return _shown(user, response, to_staff=request.auth.is_permitted)


@router.patch("{uuid:user_id}/", response=StaffUserOut | UserOut)
@permitted("users.change_user")
@raises(PermissionDenied)
@versioned
def update_(
    request: UserRequest, response: HttpResponse, user_id: UUID, data: UserPatch
) -> UserOut:
    """Change a user. Staff rights, and superusers, are for superusers to change."""
    user = services.update_user(
        user_id,
        by=request.auth.user,
        precondition=Precondition.of(request),
        **data.model_dump(exclude_unset=True),
    )
    return _shown(user, response, to_staff=request.auth.user.has_perm("users.view_user"))


@router.get(
    "{uuid:user_id}/security-events/",
    operation_id="users.security_events",
    response=Page[SecurityEventOut],
)
@permitted("users.view_user")
def events(request: UserRequest, user_id: UUID, page: Query[PageQuery]) -> dict[str, Any]:
    """List what happened to a user's account, the newest first."""
    user = services.get_visible(user_id, to=request.auth.user, all_users=True)
    return paginate(request, audit.of(user.pk), query=page)


def _shown(user: User, response: HttpResponse, *, to_staff: bool) -> UserOut:
    """A user in the shape that the caller may see, which its tag names."""
    etags.mark(response, user.version, shape="staff" if to_staff else "")
    return (StaffUserOut if to_staff else UserOut).model_validate(user)
