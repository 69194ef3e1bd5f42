"""What of a person stands in the rows of users and of the apps below, which know no users."""

from django.contrib.admin.models import LogEntry

from backend.audit import retention
from backend.audit.models import SecurityEvent
from backend.idempotency import answers
from backend.idempotency.models import Reservation
from backend.tasks import services as tasks
from backend.tasks.models import Task
from backend.users.erasure import erases
from backend.users.models import User


@erases(User.groups.through, User.user_permissions.through)
def erase_rights(user: User) -> None:
    """Nobody has no rights."""
    user.groups.clear()
    user.user_permissions.clear()


@erases(SecurityEvent)
def erase_events(user: User) -> None:
    """Events keep ids; where somebody called from goes."""
    retention.erase(user.pk)


@erases(Task)
def erase_tasks(user: User) -> None:
    """What was still to be done for them is dropped; done tasks hold nothing."""
    tasks.forget(user.email, str(user.pk))


@erases(Reservation)
def erase_stored_answers(user: User) -> None:
    """What they were answered, and what others were answered about them, is not repeated."""
    answers.forget(user.pk)


@erases(LogEntry)
def erase_admin_log(user: User) -> None:
    """The admin's log names what it is about by its text, which is an address."""
    about = LogEntry.objects.filter(
        content_type__app_label="users", content_type__model="user", object_id=str(user.pk)
    )
    about.update(object_repr="[deleted]", change_message="")
