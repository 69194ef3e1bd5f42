"""What of accounts must not come back with a backup."""

from backend.core.backups.aftermath import never_returns

# Further than anybody's can have been raised since: a session of the admin site that was ended
# after the backup may still be in the cache, with an epoch that would be reached again.
never_returns(
    table="users_user",
    statement="UPDATE users_user SET session_epoch = session_epoch + 10000",
    tells="Every session has ended: people have to log in again.",
)
# The same with versions: whoever read one after the backup must not find it again on other content.
never_returns(
    table="users_user",
    column="version",
    statement="UPDATE users_user SET version = version + 10000",
    tells="Users have new versions: who changes one has to read it again.",
)
