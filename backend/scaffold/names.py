"""What an app is called, in all the forms that code and sentences need."""

import builtins
import keyword
import re
import sys
from dataclasses import dataclass
from functools import cached_property

from backend.scaffold.refusal import Refused

# Shorter ones are abbreviations; with `_newest` the longest is an index, which Django bounds by 30.
MIN_LENGTH, MAX_LENGTH = 3, 23
_SNAKE_CASE = re.compile(r"[a-z]+(_[a-z]+)*")
# Plurals whose `es` goes: addresses, boxes, batches, statuses; not expenses, courses, clauses.
_ES = re.compile(r"(ss|x|ch|sh|zz|[^aeo]us)es")
_NO_PLURAL = re.compile(r".*([^s]|ss|us|is|news|series|species)")
_AN = re.compile(r"[aeio]|u(?!ni|s|t)")
# Endings by which a document's schemas are told from the generator's leftovers.
_LEFTOVERS = {"in", "out", "schema"}


@dataclass(frozen=True)
class Names:
    """The names of an app: ``purchase_orders`` and ``purchase_order``."""

    plural: str
    singular: str

    @classmethod
    def of(cls, plural: str, singular: str = "") -> "Names":
        """The names of an app of these things; the singular is derived unless it is given.

        Raises:
            Refused: Python, or this project, takes no such name.
        """
        _require_form(plural)
        names = cls(plural, singular or _singular(plural))
        _require_form(names.singular)
        names._require_new_meaning()
        return names

    @property
    def model(self) -> str:
        """``PurchaseOrder``."""
        return _camel(self.singular)

    @property
    def path(self) -> str:
        """``purchase-orders``, as addresses have it."""
        return self.plural.replace("_", "-")

    @cached_property
    def forms(self) -> dict[str, str]:
        """The placeholders of the templates."""
        words, word = self.plural.replace("_", " "), self.singular.replace("_", " ")
        an = f"{'an' if _AN.match(word) else 'a'} {word}"
        return {
            "app": self.plural,
            "path": self.path,
            "one": self.singular,
            "Model": self.model,
            "Models": _camel(self.plural),
            "model": self.model.lower(),
            "word": word,
            "words": words,
            "Words": words.capitalize(),
            "an": an,
            "An": an.capitalize(),
        }

    def _require_new_meaning(self) -> None:
        if self.singular == self.plural:
            raise Refused(f"{self.plural} is singular and plural at once: apps are plural nouns")
        if self.plural in sys.stdlib_module_names or keyword.iskeyword(self.plural):
            raise Refused(f"{self.plural} means something in Python: take another word")
        for name in (self.singular, self.model):
            if keyword.iskeyword(name) or hasattr(builtins, name):
                raise Refused(f"{name} means something in Python: take another word")
        if self.singular.rpartition("_")[2] in _LEFTOVERS:
            raise Refused(f"{self.model} ends like a schema's internal name: take another word")


def _singular(plural: str) -> str:
    if _NO_PLURAL.fullmatch(plural):
        raise Refused(f"what is one of {plural}? Say it with --singular")
    if plural.endswith("ies"):
        return plural.removesuffix("ies") + "y"
    return plural[: -2 if _ES.search(plural[-5:]) else -1]


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _require_form(name: str) -> None:
    if not _SNAKE_CASE.fullmatch(name):
        raise Refused(f"{name!r} is no name: take small letters, with _ between words")
    if not MIN_LENGTH <= len(name) <= MAX_LENGTH:
        raise Refused(f"{name} has {len(name)} letters: take {MIN_LENGTH} to {MAX_LENGTH}")
