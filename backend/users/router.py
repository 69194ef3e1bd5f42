"""The profile of whoever is calling."""

from ninja import Router

from backend.users import services
from backend.users.models import User
from backend.users.request import UserRequest
from backend.users.schemas import ProfilePatch, UserOut

router = Router(tags=["users"])


@router.get("me/", response=UserOut)
def me_get(request: UserRequest) -> User:
    """Read your own account."""
    return request.auth.user


@router.patch("me/", response=UserOut)
def me_update(request: UserRequest, data: ProfilePatch) -> User:
    """Change your own names. A field left out stays as it is."""
    return services.update_profile(request.auth.user, **data.model_dump(exclude_unset=True))
