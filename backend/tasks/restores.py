"""What of the outbox must not come back with a backup."""

from backend.core.backups.aftermath import never_returns

# Most of them were done after the backup: running now, they would mail people once more.
never_returns(
    table="tasks_task",
    statement=(
        "UPDATE tasks_task SET state = 'parked', finished_at = CURRENT_TIMESTAMP,"
        " lease_until = NULL, error = 'restored from a backup'"
        " WHERE state IN ('waiting', 'running')"
    ),
    tells="Open tasks are parked: `just tasks` shows them, `just tasks retry --all` runs them.",
)
