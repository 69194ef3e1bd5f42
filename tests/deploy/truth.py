"""What a file of deploy/ may name: variables, commands and paths that there are."""

import re
import shlex
from collections.abc import Mapping
from importlib.util import find_spec

import pytest
from django.core.management import get_commands

from backend.testing import contract
from project import preflight
from project.env import Environment
from tests.service import ROOT

VARIABLES = {name.upper() for name in Environment.model_fields}
# Read by Python itself.
PYTHON_VARIABLES = {"PYTHON_CPU_COUNT"}
PATHS = set(contract.document()["paths"])

# What an operator fills in: good enough for the preflight.
FILLED_IN = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "JWT_KEYS": "2026-11:abcdefghijklmnopqrstuvwxyz0123456789",
    "ALLOWED_HOSTS": "api.example.com",
    "FRONTEND_URL": "https://www.example.com",
    "EMAIL_URL": "smtp://mail.example.com",
    "DB_PASSWORD": "a password",
}


def default(variable: str) -> object:
    """What the service takes where nobody says anything else."""
    return Environment.model_fields[variable.lower()].default


def is_command(command: str | list[str]) -> bool:
    """Whether the command starts something that is in this project."""
    words = shlex.split(command) if isinstance(command, str) else command
    match words:
        case ["python", "manage.py", name, *_]:
            return name in get_commands()
        case ["python", "-m", module, *_]:
            return find_spec(module) is not None
        case ["python", script]:
            return (ROOT / script).is_file()
    return False


def is_pinned(image: str) -> bool:
    """Whether a tag says which version, to its last number: ``python:3.13.9-slim``."""
    return re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-[\w.]+)*", image) is not None


def faults(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, object]) -> list[str]:
    """What the preflight says of it, as far as it asks no server."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    read = Environment(_env_file=None)
    judges = (preflight.identity, preflight.boundaries, preflight.servers, preflight.mails)
    return [str(fault) for judge in judges for fault in judge(read)]
