"""The default of what may be left out. None would not do: it is a value of its own in JSON."""

from enum import Enum
from typing import Final


class Unset(Enum):
    """The type of ``UNSET``."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
