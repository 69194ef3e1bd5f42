"""Commands of the mails app."""
