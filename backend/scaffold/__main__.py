"""``./just new-app NAME``: make an app, or tell why not."""

import argparse
import sys
from pathlib import Path

from backend.scaffold.finishing import finish, regenerate_clients
from backend.scaffold.names import Names
from backend.scaffold.plan import DOCUMENT, Plan
from backend.scaffold.refusal import Refused

ROOT = Path(__file__).resolve().parents[2]

MADE = """\
{Words}, and each of them {an}.

Written: {created}
Changed: {changed}

Next:
1. ./just check, which passes as it is.
2. ./just migrate and ./just start, and try it on /api/v1/docs/.
3. Make backend/{app}/models.py say what {an} is: docs/new-app.md tells how.
"""
_LIST = "\n         "


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Make the app that is asked for; 1 if that is refused."""
    asked = _parser().parse_args(arguments)
    try:
        plan = Plan.of(Names.of(asked.name, asked.singular), root)
        with plan.carried_out():
            finish(plan)
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\nNothing has been written.\n")
        return 1
    sys.stdout.write(_told(plan))
    for folder in regenerate_clients(root):
        sys.stdout.write(
            f"\n{folder} is generated from {DOCUMENT} and has not been: ./just clients\n"
        )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="just new-app",
        description="Make a feature app in the style of this project, with its tests, and enter it "
        "wherever apps are listed. docs/new-app.md shows what it writes.",
        allow_abbrev=False,
    )
    parser.add_argument("name", help="a plural noun in snake_case: invoices, purchase_orders")
    parser.add_argument("--singular", default="", help="what one of them is called: person")
    return parser


def _told(plan: Plan) -> str:
    created = [f"{folder}/" for folder in plan.folders]
    changed = [*plan.changed, DOCUMENT]
    return MADE.format(created=_LIST.join(created), changed=_LIST.join(changed), **plan.names.forms)


if __name__ == "__main__":
    sys.exit(main())
