"""Backups of PostgreSQL: the custom format of ``pg_dump``, put back in one transaction."""

import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

from backend.core.backups import omission
from backend.core.backups.aftermath import Step
from backend.core.backups.failure import BackupFailed
from backend.core.backups.programs import LOCK_TIMEOUT, environment, program, reason, run

SUFFIX = ".dump"
MAGIC = b"PGDMP"

# Whose objects they are and who else may read them is the other server's business.
_OURS_ALONE = ("--no-owner", "--no-privileges")

# Everything that is not part of an extension. `pg_restore --clean` would remove what the backup
# has, and stumble over what it has not: the tables of a newer version.
_CLEAR = """
    DO $$
    DECLARE statement text;
    BEGIN
        FOR statement IN
            SELECT format('DROP %s IF EXISTS %s CASCADE', kind, name) FROM (
                SELECT oid, 'TABLE' AS kind, oid::regclass::text AS name
                  FROM pg_class WHERE relnamespace = current_schema()::regnamespace
                   AND relkind IN ('r', 'p')
                 UNION ALL
                SELECT oid, 'ROUTINE', oid::regprocedure::text
                  FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
            ) AS ours
            WHERE oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
        LOOP
            EXECUTE statement;
        END LOOP;
    END
    $$;
"""


def write(path: Path) -> None:
    """Have ``pg_dump`` fill a file.

    Raises:
        BackupFailed: it cannot.
    """
    options = [f"--lock-wait-timeout={LOCK_TIMEOUT}", f"--exclude-table-data={omission.TABLE}"]
    run("pg_dump", "--format=custom", *options, *_OURS_ALONE, f"--file={path}")


def migrations_of(path: Path) -> set[tuple[str, str]]:
    """Read them from the backup's table ``django_migrations``.

    Raises:
        BackupFailed: it cannot be read.
    """
    table = "--table=django_migrations"
    lines = run("pg_restore", "--data-only", table, "--file=-", str(path)).decode().splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith("COPY ")), None)
    if start is None:
        return set()
    columns = lines[start].partition("(")[2].partition(")")[0].split(", ")
    rows = [line.split("\t") for line in lines[start + 1 : lines.index("\\.", start)]]
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return {(row["app"], row["name"]) for row in named}


def replace(path: Path, steps: Iterable[Step]) -> None:
    """Have ``pg_restore`` write a script, and ``psql`` run it between our BEGIN and COMMIT.

    Whatever ends early, the programs, this process or the server: without the COMMIT nothing
    has happened.

    Raises:
        BackupFailed: nothing has happened.
    """
    options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    with tempfile.TemporaryFile() as said:
        psql = subprocess.Popen(  # noqa: S603  (a program we looked for, our own arguments)
            [program("psql"), *options], stdin=subprocess.PIPE, stderr=said, env=environment()
        )
        assert psql.stdin is not None  # noqa: S101  (a pipe, as asked for)
        complete = False
        with suppress(BrokenPipeError), psql.stdin as pipe:  # it has ended: its status tells why
            _send(pipe, "BEGIN;", _CLEAR)
            complete = _write_script(path, pipe, said)
            if complete:
                _send(pipe, "RESET search_path;", *map(_if_there, steps), "COMMIT;")
        if psql.wait() or not complete:
            said.seek(0)
            raise BackupFailed(reason(said.read()))


def _write_script(path: Path, pipe: IO[bytes], said: IO[bytes]) -> bool:
    """Whether the whole of it was written."""
    command = [program("pg_restore"), *_OURS_ALONE, "--no-comments", "--file=-", str(path)]
    ended = subprocess.run(command, stdout=pipe, stderr=said, env=environment(), check=False)  # noqa: S603
    return ended.returncode == 0


def _send(pipe: IO[bytes], *statements: str) -> None:
    pipe.write("\n".join(statements).encode())
    pipe.flush()


def _if_there(step: Step) -> str:
    return (
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_attribute WHERE attname = '{step.column}'"
        f" AND attrelid = to_regclass('{step.table}')) THEN {step.statement}; END IF; END $$;"
    )
