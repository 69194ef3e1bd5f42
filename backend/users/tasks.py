"""Mails about accounts, written and sent in the background."""

from contextlib import suppress

from backend.mails.delivery import MailRefused, send
from backend.mails.messages import Mail, render
from backend.tasks.execution import current_task
from backend.tasks.registry import task


@task(queue="mails")
def say_goodbye(*, to: str) -> None:
    """Tell the address of an account that the account is gone; nothing else knows it any more."""
    with suppress(MailRefused):  # a parked task would keep the address
        send(render(Mail.ACCOUNT_DELETED), to=to, message_id=str(current_task.get()))
