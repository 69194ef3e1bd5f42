"""Starting a PostgreSQL or a Redis of our own, in a temporary folder that goes with it."""

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.servers import LOCALHOST, Server, Unavailable, ask_postgresql, ask_redis

START_SECONDS = 20.0
ORIGIN = "started here"


class Process:
    """A program running in a folder of its own, under an account of its own if it has to."""

    def __init__(self, name: str, account: pwd.struct_passwd | None = None) -> None:
        self.name = name
        self.account = account
        self.folder = Path(tempfile.mkdtemp(prefix=f"tests-{name.lower()}-"))
        self.popen: subprocess.Popen[bytes] | None = None
        if account:
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        atexit.register(self.stop)  # however the session ends

    def run(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start the command; what it says goes into the folder's log."""
        account = self.account
        with (self.folder / "log").open("ab") as log:
            self.popen = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                start_new_session=True,  # Ctrl-C is for the tests, which still need their servers
            )
        return self.popen

    def finish(self, *command: str | Path) -> None:
        """Run the command to its end.

        Raises:
            Unavailable: it failed.
        """
        if self.run(*command).wait(60) != 0:
            raise Unavailable(self.name, self.last_words())

    def wait_for(self, ask: Callable[[], Server]) -> Server:
        """The server, once it answers.

        Raises:
            Unavailable: it ended, or took too long.
        """
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return replace(ask(), process=self)
            except Unavailable:
                ended = self.popen is None or self.popen.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise Unavailable(self.name, self.last_words()) from None
            time.sleep(0.05)

    def last_words(self) -> str:
        """The last line of the log."""
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "said nothing")

    def stop(self) -> None:
        """End it at once, clients or not, and leave nothing behind."""
        if self.popen and self.popen.poll() is None:
            self.popen.send_signal(signal.SIGINT)  # PostgreSQL's "fast": SIGTERM awaits clients
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.stop)


def start_postgresql() -> Server:
    """A PostgreSQL as fast as one can be that may lose its data.

    Raises:
        Unavailable: there are no programs, or they do not run.
    """
    programs = _postgresql_programs()
    process = Process("PostgreSQL", _account_without_rights())
    data, port = process.folder / "data", free_port()
    # Upper and lower case beyond ASCII need a UTF-8 locale.
    locale = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    cluster = ["--username=postgres", "--auth=trust", "--encoding=UTF8", f"--locale={locale}"]
    options = ["-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
    options += ["-c", "unix_socket_directories=", "-c", "max_connections=200"]
    try:
        process.finish(programs / "initdb", "-D", data, *cluster, "--no-sync")
        process.run(programs / "postgres", "-D", data, "-h", LOCALHOST, "-p", port, *options)
        return process.wait_for(lambda: ask_postgresql(LOCALHOST, port, origin=ORIGIN))
    except (OSError, subprocess.SubprocessError, Unavailable) as error:
        process.stop()
        raise Unavailable("PostgreSQL cannot be started", error) from None


def start_redis() -> Server:
    """A Redis that keeps nothing on disk.

    Raises:
        Unavailable: there is no program, or it does not run.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise Unavailable("Redis cannot be started", "no redis-server on PATH")
    process, port = Process("Redis"), free_port()
    try:
        process.run(program, "--bind", LOCALHOST, "--port", port, "--save", "")
        return process.wait_for(lambda: ask_redis(f"redis://{LOCALHOST}:{port}/0", origin=ORIGIN))
    except (OSError, Unavailable) as error:
        process.stop()
        raise Unavailable("Redis cannot be started", error) from None


def free_port() -> str:
    """A port of localhost on which nothing listens right now."""
    with socket.socket() as listener:
        listener.bind((LOCALHOST, 0))
        return str(listener.getsockname()[1])


def _postgresql_programs() -> Path:
    """The folder with both programs: on PATH, or where Debian keeps one per major version."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("[0-9]*/bin"),
        key=lambda folder: float(folder.parent.name),
        reverse=True,
    )
    for folder in [*map(Path, os.get_exec_path()), *debian]:
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    raise Unavailable("PostgreSQL cannot be started", "no initdb and postgres on this machine")


def _account_without_rights() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root, so root lends it another account."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable(
        "PostgreSQL cannot be started", "it refuses root, and no other account is there"
    )
