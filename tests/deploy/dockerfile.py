"""The Dockerfile, as stages of instructions."""

import re
from typing import NamedTuple

from tests.service import ROOT


class Instruction(NamedTuple):
    """``RUN`` and what stands behind it."""

    name: str
    value: str


class Stage(NamedTuple):
    """What stands below a ``FROM``."""

    base: str
    name: str
    instructions: list[Instruction]

    def values(self, name: str) -> list[str]:
        return [value for found, value in self.instructions if found == name]


def stages() -> list[Stage]:
    text = (ROOT / "Dockerfile").read_text()
    text = re.sub(r"(?m)^\s*#.*\n", "", text).replace("\\\n", " ")
    found: list[Stage] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, value = line.partition(" ")
        if name == "FROM":
            base, _, alias = value.partition(" AS ")
            found.append(Stage(base, alias, []))
        else:
            found[-1].instructions.append(Instruction(name, " ".join(value.split())))
    return found
