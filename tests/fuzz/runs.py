"""One run: a phase of schemathesis, by one caller, against a running service."""

from copy import deepcopy
from random import Random
from typing import Any
from urllib.parse import urlencode

import schemathesis
from schemathesis import BaseSchema, Case, Response
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    OutputConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SanitizationConfig,
    SchemathesisConfig,
)
from schemathesis.engine import events, from_schema

from tests.fuzz import checks
from tests.fuzz.callers import Caller, bearer
from tests.fuzz.disturbances import disturb, renew_key
from tests.fuzz.tally import Tally

# The document's examples and the borders of its schemas come out once; the others never end.
ONCE, ENDLESS = ("examples", "coverage"), ("fuzzing", "stateful")
PHASES = (*ONCE, *ENDLESS)
# gunicorn itself answers 414 to a longer request line, before the service is asked.
MAX_QUERY = 3900  # bytes


def run(
    document: dict[str, Any], url: str, phase: str, caller: Caller, *, examples: int, seed: int
) -> Tally:
    """Send the requests that a phase makes of a document, and count.

    ``examples`` are requests per operation when fuzzing, and sequences of requests when stateful.
    """
    # A copy, since schemathesis writes the links into it that it infers.
    schema = schemathesis.openapi.from_dict(
        deepcopy(document), config=_config(url, phase, examples, seed)
    )
    _equip(schema, caller, Random(seed))
    tally = Tally(phase, caller.name)
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            tally.add(event.recorder)
        elif isinstance(event, events.NonFatalError):
            tally.fail(event.label, type(event.value).__name__, str(event.value))
        elif isinstance(event, events.FatalError):
            raise event.exception
    return tally


def _config(url: str, phase: str, examples: int, seed: int) -> SchemathesisConfig:
    phases, demanded = PhasesConfig(), ChecksConfig()
    phases.update(phases=[phase])
    demanded.update(included_check_names=checks.NAMES)
    demanded.negative_data_rejection.expected_statuses = ["4xx"]
    project = ProjectConfig(
        base_url=url,
        phases=phases,
        checks=demanded,
        continue_on_failure=True,
        request_timeout=30,
        generation=GenerationConfig(
            max_examples=examples, allow_x00=True, with_security_parameters=False, database="none"
        ),
    )
    return SchemathesisConfig(
        seed=seed,
        output=OutputConfig(sanitization=SanitizationConfig(enabled=False)),
        projects=ProjectsConfig(default=project),
    )


def _equip(schema: BaseSchema, caller: Caller, random: Random) -> None:
    """Give the requests tokens and disturbances, and let the caller see the answers."""

    def before_add_examples(_: object, examples: list[Case[Any]]) -> None:
        for case in examples:
            renew_key(case, random)

    def filter_case(_: object, case: Case[Any]) -> bool:
        return len(urlencode(case.query or {}, doseq=True)) < MAX_QUERY

    def map_case(_: object, case: Case[Any]) -> Case[Any]:
        return disturb(case, random)

    def after_call(_: object, case: Case[Any], response: Response) -> None:
        caller.notice(case, response)

    schema.auth(refresh_interval=None)(bearer(caller))
    for hook in (before_add_examples, filter_case, map_case, after_call):
        schema.hook(hook)
