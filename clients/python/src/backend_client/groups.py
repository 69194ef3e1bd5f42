"""What the generated groups of operations are built on."""

from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

from .base_model import Page
from .core import Core
from .operation import Arguments, Operation
from .transport import run

T = TypeVar("T")


class Group:
    """Operations that block."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def _call(self, operation: Operation[T], arguments: Arguments) -> T:
        return run(self._core.call(operation, arguments))

    def _refresh(self) -> None:
        run(self._core.refresh())

    def _rows(self, operation: Operation[Page[T]], arguments: Arguments) -> Iterator[T]:
        """The rows of all pages; a page is read when its first row is wanted."""
        following: Arguments | None = arguments
        while following:
            page = self._call(operation, following)
            yield from page.results
            following = arguments.after(page)


class AsyncGroup:
    """Operations to await."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def _call(self, operation: Operation[T], arguments: Arguments) -> T:
        return await self._core.call(operation, arguments)

    async def _refresh(self) -> None:
        await self._core.refresh()

    async def _rows(self, operation: Operation[Page[T]], arguments: Arguments) -> AsyncIterator[T]:
        """The rows of all pages; a page is read when its first row is wanted."""
        following: Arguments | None = arguments
        while following:
            page = await self._call(operation, following)
            for row in page.results:
                yield row
            following = arguments.after(page)
