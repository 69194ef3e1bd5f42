"""What the command line says."""

import argparse
import os
from pathlib import Path

from benchmarks.contenders import CONTENDERS
from benchmarks.growth.run import SIZES
from benchmarks.operations import OPERATIONS

PEERS = [contender.name for contender in CONTENDERS]
NAMES = [operation.name for operation in OPERATIONS]
QUICK_PEERS = ["service", "drf", "fastapi", "limit"]
QUICK_NAMES = ["me", "list", "refresh", "register"]


def parse(description: str | None) -> argparse.Namespace:
    """The options, with a value for each."""
    options = _parser(description).parse_args()
    quick = options.quick
    options.peers = options.peers or (QUICK_PEERS if quick else PEERS)
    options.operations = options.operations or (QUICK_NAMES if quick else NAMES)
    if options.growth is not None:
        options.growth = sorted(set(options.growth or SIZES))
        options.rounds, options.seconds = options.rounds or 2, options.seconds or 1
    else:
        options.rounds = options.rounds or (2 if quick else 5)
        options.seconds = options.seconds or (1 if quick else 2)
    return options


def _parser(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just bench", description=description)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="under 90 seconds: two short rounds of four operations,"
        f" unless told otherwise of {', '.join(QUICK_PEERS)}",
    )
    parser.add_argument(
        "--growth",
        nargs="*",
        type=int,
        metavar="USERS",
        help="under 10 minutes: the service alone, at"
        f" {', '.join(f'{size:,}' for size in SIZES)} users and many connections",
    )
    parser.add_argument("--rounds", type=int, help="interleaved rounds (5; quick, growth: 2)")
    parser.add_argument("--seconds", type=int, help="of each burst (2; quick, growth: 1)")
    _add_choice(parser, "--peers", PEERS)
    _add_choice(parser, "--operations", NAMES)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round there")
    parser.add_argument(
        "--redis",
        default=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/14"),
        metavar="URL",
        help="the database for limits and caches (REDIS_URL)",
    )
    return parser


def _add_choice(parser: argparse.ArgumentParser, option: str, names: list[str]) -> None:
    parser.add_argument(option, nargs="+", choices=names, metavar="NAME", help=", ".join(names))
