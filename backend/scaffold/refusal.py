"""Why nothing has been written."""


class Refused(Exception):
    """The app cannot be made; the message says why, and what to do about it."""
