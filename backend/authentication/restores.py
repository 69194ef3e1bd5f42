"""What of the way in must not come back with a backup."""

from backend.core.backups.aftermath import never_returns

never_returns(
    table="authentication_link",
    statement="UPDATE authentication_link SET used_at = CURRENT_TIMESTAMP WHERE used_at IS NULL",
    tells="Mailed links are used up: people have to ask for new ones.",
)
