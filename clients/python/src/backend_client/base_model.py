"""What the models of the answers have in common."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr
from typing_extensions import Self

SECRETS = frozenset({"access", "refresh"})

T_co = TypeVar("T_co", covariant=True)


class Model(BaseModel):
    """An answer: a value that cannot be changed. Fields that a later service adds are ignored."""

    # A broken answer must not show its tokens in the error about it.
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        for name, value in super().__repr_args__():
            yield name, "***" if name in SECRETS else value


class Versioned(Model):  # noqa: PLW1641  (pydantic hashes what is frozen by its fields)
    """An answer with a version, which ``if_match`` and ``if_none_match`` take."""

    _etag: str | None = PrivateAttr(default=None)

    @property
    def etag(self) -> str | None:
        """The ``ETag`` it came with; None for one out of a list."""
        return self._etag

    def __eq__(self, other: object) -> bool:
        """Whether the fields are equal; it does not matter how they were read."""
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def with_etag(self, etag: str | None) -> Self:
        """The same with this ETag, for one that you have kept outside of this process."""
        copy = self.model_copy()
        copy.__pydantic_private__ = {"_etag": etag}
        return copy


class Page(Protocol[T_co]):
    """A page of a list."""

    @property
    def results(self) -> Sequence[T_co]:
        """The rows."""

    @property
    def next(self) -> str | None:
        """The next page's URL."""
