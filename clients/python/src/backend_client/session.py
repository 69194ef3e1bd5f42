"""One login: who is first to find its access token too old exchanges the pair, for all who wait."""

from collections.abc import Awaitable, Callable

from .errors import NotAuthenticated, RefreshTokenRotated
from .failures import LoginRequired
from .models import TokenPair
from .tokens import AsyncTokenStore, Tokens, TokenStore, settled
from .transport import Transport

RELOADS = 5
RELOAD_SECONDS = 0.1


class Session:
    """The kept tokens, and their renewal.

    Args:
        exchange: Spends the refresh token, with the key that is kept beside it.
    """

    def __init__(
        self,
        store: TokenStore | AsyncTokenStore,
        transport: Transport,
        exchange: Callable[[Tokens], Awaitable[TokenPair]],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._transport = transport
        self._exchange = exchange
        self._clock = clock
        self._ended: tuple[str, LoginRequired] | None = None

    async def kept(self) -> Tokens | None:
        """The tokens as they are."""
        return await settled(self._store.load())

    async def current(self) -> Tokens | None:
        """The tokens, renewed if their time is over."""
        tokens = await self.kept()
        if tokens is None or self._clock() < tokens.expires_at:
            return tokens
        return await self.renewed(tokens)

    async def renewed(self, stale: Tokens) -> Tokens:
        """Tokens newer than these. Any number of concurrent calls make one exchange.

        Raises:
            LoginRequired: the session is over; the tokens are not kept any longer.
        """
        return await self._transport.share(lambda: self._renew(stale))

    async def begin(self, pair: TokenPair) -> None:
        """Keep the tokens of a login."""
        await settled(self._store.save(Tokens.of(pair, self._clock())))

    async def end(self, tokens: Tokens | None = None) -> None:
        """Forget the tokens; a login that has come since stays."""
        kept = await self.kept()
        if tokens is None or (kept is not None and kept.refresh == tokens.refresh):
            await settled(self._store.clear())

    async def _renew(self, stale: Tokens) -> Tokens:
        kept = await self.kept()
        if kept is None:
            raise self._why_ended(stale)
        if kept.access != stale.access:
            return kept  # somebody was faster
        try:
            pair = await self._exchange(kept)
        except RefreshTokenRotated as error:
            return await self._reloaded(kept, error)
        except LoginRequired as error:
            self._ended = (kept.refresh, error)
            await self.end(kept)
            raise
        return await self._replace(kept, kept.successor(pair, self._clock()))

    async def _replace(self, old: Tokens, new: Tokens) -> Tokens:
        """Keep the new ones, unless a logout or another login has come meanwhile."""
        kept = await self.kept()
        if kept is not None and kept.refresh == old.refresh:
            await settled(self._store.save(new))
        return new

    async def _reloaded(self, spent: Tokens, error: RefreshTokenRotated) -> Tokens:
        """What another process has made of these; it may still be about to save it."""
        for _ in range(RELOADS):
            kept = await self.kept()
            if kept is not None and kept.refresh != spent.refresh:
                return kept
            await self._transport.sleep(RELOAD_SECONDS)
        raise error

    def _why_ended(self, stale: Tokens) -> LoginRequired:
        """What everybody is told whose call began before the session ended."""
        if self._ended and self._ended[0] == stale.refresh:
            return self._ended[1]
        return not_logged_in("auth.refresh")


def not_logged_in(operation: str) -> NotAuthenticated:
    """What the service would say."""
    return NotAuthenticated(
        "Log in first", status=401, code="not_authenticated", operation=operation
    )
