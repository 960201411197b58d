"""Calls that came in and wait for the application, each source in its turn: nobody waits behind another's flood."""

from __future__ import annotations

from session_fsm.incoming import IncomingInvite
from session_fsm.session.events import SessionId


class IncomingQueue:
    """Not bounded here: what an endpoint lets in is, by `Settings.max_waiting`."""

    def __init__(self) -> None:
        self._lines: dict[str, dict[SessionId, IncomingInvite]] = {}
        "The calls of each source, and the sources in the order of their turns."

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def put(self, invite: IncomingInvite) -> None:
        """This call waits too."""
        self._lines.setdefault(invite.source, {})[invite.session_id] = invite

    def take(self) -> IncomingInvite | None:
        """The oldest call of the source whose turn it is, or None. Then it is the next one's turn."""
        if not self._lines:
            return None
        source = next(iter(self._lines))
        line = self._lines.pop(source)
        invite = line.pop(next(iter(line)))
        if line:
            self._lines[source] = line
        return invite

    def forget(self, invite: IncomingInvite) -> None:
        """It is over: nobody needs to take it."""
        line = self._lines.get(invite.source, {})
        line.pop(invite.session_id, None)
        if not line:
            self._lines.pop(invite.source, None)

    def clear(self) -> None:
        """Nobody takes calls any more."""
        self._lines.clear()
