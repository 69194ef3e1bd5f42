"""``just prod``: the preflight, the static files, then the server in this very process."""

import os
import subprocess
import sys

from project import env

SERVER = [sys.executable, "-m", "gunicorn", "--config", "project/gunicorn.py"]


def main() -> None:
    """Become the production server, or exit with the preflight's status."""
    env.choose_settings("production")
    os.chdir(env.ROOT)
    if status := subprocess.run(
        [sys.executable, "-m", "project.preflight"], check=False
    ).returncode:
        sys.exit(status)
    _collect_static_files()
    sys.stdout.flush()
    os.execv(sys.executable, SERVER)  # noqa: S606  (our own interpreter)


def _collect_static_files() -> None:
    """Hashed and compressed. An image has them already, and may not be written to."""
    folder = env.ROOT / "staticfiles"
    if (folder / "staticfiles.json").exists() and not os.access(folder, os.W_OK):
        return
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, check=True)  # noqa: S603  (ourselves)


if __name__ == "__main__":
    main()
