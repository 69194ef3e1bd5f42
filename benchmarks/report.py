"""Medians, ratios, a plain table."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.contenders import Contender
from benchmarks.load import Burst
from benchmarks.operations import Operation

COLUMNS = "req/s   of DRF  of limit    p50 ms    p99 ms  server ms  database ms    SQL  errors"


@dataclass
class Results:
    """Everything that was measured; cold start in seconds, memory in bytes per worker."""

    machine: dict[str, str]
    bursts: dict[tuple[str, str], list[Burst]] = field(default_factory=dict)
    statements: dict[tuple[str, str], float] = field(default_factory=dict)
    cold_starts: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    ceiling: Burst | None = None

    @property
    def errors(self) -> int:
        """All that went wrong."""
        return sum(burst.errors for bursts in self.bursts.values() for burst in bursts)

    @property
    def busiest_generator(self) -> float:
        """The largest part of a core that wrk used."""
        used = (burst.generator for bursts in self.bursts.values() for burst in bursts)
        return max(used, default=0.0)

    def add(self, contender: Contender, operation: Operation, made: Burst) -> None:
        """Keep one burst of one round."""
        self.bursts.setdefault((contender.name, operation.name), []).append(made)

    def started(self, contender: Contender, seconds: float) -> None:
        """Keep how long one start took."""
        self.cold_starts.setdefault(contender.name, []).append(seconds)

    def middle(self, contender: str, operation: str) -> Burst | None:
        """The median of the rounds, figure by figure; errors are added up."""
        bursts = self.bursts.get((contender, operation))
        if not bursts:
            return None
        rows = [asdict(burst) for burst in bursts]
        figures = {name: median(row[name] for row in rows) for name in rows[0]}
        return Burst(**{**figures, "errors": sum(burst.errors for burst in bursts)})


def show(
    results: Results, contenders: Iterable[Contender], operations: Iterable[Operation]
) -> None:
    """Print what was found."""
    contenders = list(contenders)
    lines = [f"{name}: {value}" for name, value in results.machine.items()]
    for operation in operations:
        lines += ["", f"{operation!s:28}{COLUMNS}"]
        chosen = [contender for contender in contenders if contender.answers(operation)]
        lines += [_row(results, contender, operation) for contender in chosen]
    lines += ["", f"{'':28}cold start s   memory MiB per worker"]
    lines += [
        f"  {contender.title:26}{median(results.cold_starts[contender.name]):12.2f}"
        f"{results.memory[contender.name] / 2**20:24.0f}"
        for contender in contenders
        if not contender.only
    ]
    lines += ["", *_generator(results)]
    sys.stdout.write("\n".join([*lines, ""]))


def save(results: Results, path: Path) -> None:
    """Write everything, round by round, as JSON."""
    content = {
        "machine": results.machine,
        "cold_start_seconds": results.cold_starts,
        "memory_bytes_per_worker": results.memory,
        "ceiling": asdict(results.ceiling) if results.ceiling else None,
        "results": [
            {
                "contender": contender,
                "operation": operation,
                "statements": results.statements[contender, operation],
                "rounds": [asdict(burst) for burst in bursts],
            }
            for (contender, operation), bursts in results.bursts.items()
        ],
    }
    path.write_text(json.dumps(content, indent=2) + "\n")


def _row(results: Results, contender: Contender, operation: Operation) -> str:
    key = (contender.name, operation.name)
    burst = results.middle(*key)
    if burst is None:
        return f"  {contender.title:26}not measured"
    ratios: Mapping[str, str] = {
        name: _ratio(burst, results.middle(name, operation.name)) for name in ("drf", "limit")
    }
    return (
        f"  {contender.title:24}{burst.rate:9,.0f}{ratios['drf']:>9}{ratios['limit']:>10}"
        f"{burst.p50:10.1f}{burst.p99:10.1f}{burst.server:11.2f}{burst.database:13.2f}"
        f"{results.statements[key]:7.1f}{burst.errors:8}"
    )


def _generator(results: Results) -> list[str]:
    """What shows that the load generator was not what is measured."""
    if results.ceiling is None:
        return []
    return [
        f"wrk reaches {results.ceiling.rate:,.0f} req/s against a constant answer.",
        f"In the runs above it never used more than {results.busiest_generator:.0%} of a core.",
    ]


def _ratio(burst: Burst, other: Burst | None) -> str:
    return f"{burst.rate / other.rate:.2f}" if other and other.rate else "-"
