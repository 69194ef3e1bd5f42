#!/usr/bin/env python
"""The project's commands: ``python manage.py`` lists them; ``just`` names the everyday ones."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

VENV = Path(__file__).resolve().parent / ".venv" / "bin" / "python"

if __name__ == "__main__":
    if find_spec("django") is None and VENV.exists():
        # Called with a Python that knows nothing of the project: use the one `just` set up.
        os.execv(VENV, [str(VENV), *sys.argv])  # noqa: S606  (our own interpreter, our own arguments)

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from project.env import choose_settings, load

    try:
        # These are for development unless DEBUG says otherwise, whatever else is set.
        for_developers = {*sys.argv[1:2]} & {"start", "seed", "profile", "mails"}
        developing = for_developers and load().debug is None
        choose_settings("development" if developing else None)
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
