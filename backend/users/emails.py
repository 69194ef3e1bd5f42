"""Email addresses as identities: one canonical form, whatever their case or Unicode form."""

import unicodedata

import email_validator
from django.core.exceptions import ValidationError

from backend.users.errors import EmailInvalid

MAX_LENGTH = 254  # RFC 5321: a path of 256 octets, less its angle brackets

# Reserved domains are accepted: test systems and private networks have accounts too.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


def validate(address: str) -> None:
    """Validate for Django's forms and models.

    Raises:
        ValidationError: it is not an email address.
    """
    try:
        canonical(address)
    except EmailInvalid as error:
        raise ValidationError(error.errors["email"]) from None


def canonical(address: str) -> str:
    """The canonical form: NFKC, case-folded, the domain as A-labels.

    Raises:
        EmailInvalid: it is not an email address.
    """
    # Folding can undo a normalisation, so it is done inside two of them.
    text = unicodedata.normalize("NFKC", address.strip())
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.casefold()).casefold())
    try:
        parts = email_validator.validate_email(
            text, check_deliverability=False, globally_deliverable=False
        )
    except email_validator.EmailNotValidError:
        raise EmailInvalid from None
    result = f"{parts.local_part}@{parts.ascii_domain.lower()}"
    if len(result.encode()) > MAX_LENGTH:
        raise EmailInvalid
    return result
