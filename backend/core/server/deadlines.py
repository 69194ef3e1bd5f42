"""Until when a connection may do what it does."""

from itertools import takewhile

from backend.core.server.connection import Connection


class Deadlines(dict[Connection, float]):
    """Connections and the moments at which they are given up, by the monotonic clock, in order."""

    def overdue(self, now: float) -> list[Connection]:
        """Those whose time is over."""
        return [*takewhile(lambda conn: self[conn] <= now, self)]

    def put_off(self, conn: Connection, moment: float) -> None:
        """Give one more time; it is the last in order now."""
        self.pop(conn, None)
        self[conn] = moment

    def cap(self, moment: float) -> None:
        """Give up everybody at this moment, unless earlier."""
        for conn, deadline in self.items():
            self[conn] = min(deadline, moment)
