"""Why a backup cannot be written, read or put back."""


class BackupFailed(Exception):
    """Says what to do about it, and no password. The database is as it was."""
