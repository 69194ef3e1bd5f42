"""What the project's own commands do for a new app: format, migrate, document, generate."""

import shutil
import subprocess
import sys
from pathlib import Path

from backend.scaffold.plan import Plan
from backend.scaffold.refusal import Refused

# Whatever the environment is for: this is done by developers, and those of production want keys.
_SETTINGS = "--settings=project.settings.development"


def finish(plan: Plan) -> None:
    """Bring new and changed modules into form, make the migration, renew the document.

    Raises:
        Refused: a command failed, with what it said.
    """
    changed = [path for path in plan.changed if path.endswith(".py")]
    ruff, manage = [sys.executable, "-m", "ruff"], [sys.executable, "manage.py"]
    for command in (
        [*ruff, "check", "--quiet", "--select", "I", "--fix", *plan.folders, *changed],
        [*ruff, "format", "--quiet", *plan.folders, *changed],
        [*manage, "makemigrations", plan.names.plural, _SETTINGS],
        [*manage, "openapi", _SETTINGS],
    ):
        ended = _run(command, plan.root)
        if ended.returncode:
            raise Refused(f"`{' '.join(command[1:4])}` failed:\n{ended.stderr or ended.stdout}")


def regenerate_clients(root: Path) -> list[str]:
    """Generate the clients of the API anew; the folders of those that could not be."""
    npm = ["npm", "--prefix", "clients/typescript"]
    installed = root.joinpath("clients/typescript/node_modules").exists()
    commands = {
        "clients/python": [[sys.executable, "-m", "clients.generate.python"]],
        "clients/typescript": [*([] if installed else [[*npm, "ci"]]), [*npm, "run", "generate"]],
    }
    return [
        folder
        for folder, steps in commands.items()
        if root.joinpath(folder).exists() and not all(_succeeds(step, root) for step in steps)
    ]


def _succeeds(command: list[str], folder: Path) -> bool:
    return shutil.which(command[0]) is not None and _run(command, folder).returncode == 0


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (our own commands)
        command, cwd=folder, capture_output=True, text=True, check=False
    )
