"""A run: everybody is looked at alone; then, started anew for each operation, they take turns."""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import caller, machine, statements
from benchmarks.contenders import CEILING, Contender, Environment
from benchmarks.load import Load, burst
from benchmarks.operations import OPERATIONS, Operation
from benchmarks.processes import Running, running
from benchmarks.report import Results
from benchmarks.servers import WORKERS


@dataclass(frozen=True)
class Run:
    """What is measured, where, and what came of it.

    Attributes:
        places: The environment of each contender, by its name.
        logs: A folder for what they write.
        seconds: Of each burst.
    """

    contenders: list[Contender]
    operations: list[Operation]
    places: dict[str, Environment]
    logs: Path
    rounds: int
    seconds: int
    results: Results

    def measure(self) -> None:
        """Fill the results."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._count_statements, self.contenders))
        self._find_ceiling()
        for number, operation in enumerate(self.operations):
            sys.stderr.write(f"{operation}\n")
            with ExitStack() as stack:
                # Who is first finds the machine's caches cold: each time it is somebody else.
                turned = self.contenders[number:] + self.contenders[:number]
                asked = [one for one in turned if one.answers(operation)]
                started = [stack.enter_context(self._start(one)) for one in asked]
                self._take_turns(operation, started)
                self._look_at(started)

    def _count_statements(self, contender: Contender) -> None:
        """See that a contender does the work, and count what it asks of the database."""
        place = self.places[contender.name]
        cores = ",".join(machine.split_cores())
        log = self.logs / contender.name
        with statements.counted(place) as relay:
            relayed = {**place, "DB_HOST": "127.0.0.1", "DB_PORT": relay.port}
            with running(contender, relayed, cores=cores, log=log) as one:
                for operation in filter(contender.answers, self.operations):
                    count = caller.statements(one, operation, relay)
                    self.results.statements[contender.name, operation.name] = count

    def _find_ceiling(self) -> None:
        """How fast the load generator could be."""
        servers, generator = machine.split_cores()
        health = next(one for one in OPERATIONS if one.name == "health")
        with running(CEILING, {}, cores=servers, log=self.logs / CEILING.name) as constant:
            self.results.ceiling = burst(constant, health, Load(seconds=1, cores=generator))

    def _start(self, contender: Contender) -> AbstractContextManager[Running]:
        servers, _ = machine.split_cores()
        place = self.places[contender.name]
        return running(contender, place, cores=servers, log=self.logs / contender.name)

    def _take_turns(self, operation: Operation, started: list[Running]) -> None:
        _, generator = machine.split_cores()
        load = Load(self.seconds, generator)
        for _ in range(self.rounds):
            for one in started:
                self.results.add(one.contender, operation, burst(one, operation, load))

    def _look_at(self, started: list[Running]) -> None:
        for one in started:
            self.results.started(one.contender, one.cold_start)
            self.results.memory[one.contender.name] = one.memory() / int(WORKERS)
