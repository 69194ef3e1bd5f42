"""What came of runs: how many requests, which answers, and what was wrong."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from schemathesis.engine.recorder import ScenarioRecorder

CLASSES = ("2xx", "3xx", "4xx", "5xx", "none")
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_TOKEN = re.compile(r"'Authorization: Bearer (?!\[).+?'")

type Failure = tuple[str, str, str]  # operation, check, message


@dataclass
class Tally:
    """The requests of one phase and one caller."""

    phase: str
    caller: str
    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[Failure] = field(default_factory=Counter)
    commands: dict[Failure, str] = field(default_factory=dict)  # the shortest that show it

    @property
    def cases(self) -> int:
        """How many requests were sent."""
        return self.statuses.total()

    def add(self, recorder: ScenarioRecorder) -> None:
        """Count what a scenario has recorded."""
        for interaction in recorder.interactions.values():
            answer = interaction.response
            self.statuses[f"{answer.status_code // 100}xx" if answer else "none"] += 1
        for identifier, results in recorder.checks.items():
            label = recorder.cases[identifier].value.operation.label
            for result in results:
                if found := result.failure_info:
                    message = found.failure.message or found.failure.title
                    self.fail(label, result.name, message, found.code_sample)

    def fail(self, label: str, check: str, message: str, command: str = "") -> None:
        """Note a failure; the same one again is only counted."""
        failure = (label, check, " ".join(message.split()))
        self.failures[failure] += 1
        command = _ADDRESS.sub("http://127.0.0.1:8000", command)
        command = _TOKEN.sub('"Authorization: Bearer $TOKEN"', command)
        self.commands[failure] = min(self.commands.get(failure, command), command, key=len)

    def __iadd__(self, other: Self) -> Self:
        """Count another run, too."""
        self.statuses += other.statuses
        self.failures += other.failures
        self.commands = other.commands | self.commands
        return self

    def complaints(self) -> str:
        """Each failure, with the commands that show it."""
        return "".join(
            f"\n{label}, {self.phase}, {self.caller} ({times} times)\n  {check}: {message}\n"
            + "".join(f"  {line}\n" for line in self.commands[label, check, message].splitlines())
            for (label, check, message), times in self.failures.most_common()
        )


def table(tallies: Iterable[Tally]) -> str:
    """A line per phase and caller, and their sum."""
    lines = [*tallies]
    total = Tally("all", "")
    for tally in lines:
        total += tally
    rows: list[tuple[object, ...]] = [("phase", "caller", "cases", "failures", *CLASSES)]
    for tally in (*lines, total):
        counts = (tally.statuses[name] for name in CLASSES)
        rows.append((tally.phase, tally.caller, tally.cases, tally.failures.total(), *counts))
    return "\n".join(
        f"{phase:<10}{caller:<11}" + "".join(f"{number:>9}" for number in numbers)
        for phase, caller, *numbers in rows
    )
