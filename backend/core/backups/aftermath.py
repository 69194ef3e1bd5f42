"""What must not come back with a backup: apps declare it, in a module ``restores``.

It is SQL and not the models' own: it is part of the transaction that restores, of whatever version
the backup is.
"""

from typing import NamedTuple


class Step(NamedTuple):
    """What is done to a restored table.

    Attributes:
        table: Where.
        column: What has to be there; a backup without it is older than the step, and has nothing
            to mend.
        statement: What, in the SQL that PostgreSQL and SQLite share.
        tells: The same in words, for who restores.
    """

    table: str
    column: str
    statement: str
    tells: str


_steps: list[Step] = []


def never_returns(*, table: str, statement: str, tells: str, column: str = "id") -> None:
    """Declare a step."""
    _steps.append(Step(table, column, statement, tells))


def steps() -> list[Step]:
    """All of them."""
    return [*_steps]
