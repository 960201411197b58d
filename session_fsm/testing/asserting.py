"""Assertions about audio, for lines on the virtual network and for real calls."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, overload

from session_fsm.errors import CallFailedError, WaitTimeout
from session_fsm.sdp import Agreement, MediaDirection
from session_fsm.session.events import MediaState
from session_fsm.session.settings import Seconds
from session_fsm.testing.line import Line
from session_fsm.testing.network import NoRestError
from session_fsm.testing.phone import Phone
from session_fsm.testing.story import story

if TYPE_CHECKING:
    from session_fsm.call import Call


class NoMediaError(AssertionError):
    """Audio does not flow as it should; the message says where both sides stand and what has not happened."""


@overload
def assert_media(call: Line, *, both_ways: bool = True, within: Seconds = 0.5) -> None: ...
@overload
def assert_media(call: Call, *, both_ways: bool = True, within: Seconds = 0.5) -> Awaitable[None]: ...


def assert_media(call: Line | Call, *, both_ways: bool = True, within: Seconds = 0.5) -> Awaitable[None] | None:
    """Fail unless audio flows within so many seconds: confirmed by packets, and in both directions if it should be.

    Of a line the time is virtual, and with `both_ways` the other side must have heard it too. Of a real call it is to
    be awaited.
    """
    if isinstance(call, Line):
        _assert_line(call, both_ways, within)
        return None
    return _assert_call(call, both_ways, within)


def _assert_line(line: Line, both_ways: bool, within: Seconds) -> None:
    lines = [line, *(_across(line) if both_ways else ())]
    net = line.phone.network
    until = net.now + within
    try:
        net.run_until(lambda: all(each.media is MediaState.ACTIVE for each in lines), within=within)
    except NoRestError:
        net.run_for(max(0.0, until - net.now))
    flowing = all(each.media is MediaState.ACTIVE for each in lines) and (not both_ways or len(lines) == 2)
    if not flowing or not _wide_enough(line.session.negotiation.agreement, both_ways):
        sides = {side.name: side.rows for side in net.sides if isinstance(side, Phone)}
        wrong = f"{_complaint(both_ways, within)}: {line!r}{_narrow(line.session.negotiation.agreement)}"
        raise NoMediaError(f"{wrong}\n\n{story(sides)}")


def _across(line: Line) -> list[Line]:
    """The other side's line of the same call."""
    phones = [side for side in line.phone.network.sides if isinstance(side, Phone) and side is not line.phone]
    return [other for phone in phones for other in phone.lines if other.session.call_id == line.session.call_id][:1]


async def _assert_call(call: Call, both_ways: bool, within: Seconds) -> None:
    try:
        await call.wait_for_media(timeout=within)
    except (WaitTimeout, CallFailedError) as error:
        raise NoMediaError(f"{_complaint(both_ways, within)}: {error}") from None
    agreement = call._session.negotiation.agreement
    if call.media.state is not MediaState.ACTIVE or not _wide_enough(agreement, both_ways):
        raise NoMediaError(f"{_complaint(both_ways, within)}: {call!r}{_narrow(agreement)}")


def _complaint(both_ways: bool, within: Seconds) -> str:
    return f"no audio{' both ways' if both_ways else ''} within {within:g} s"


def _wide_enough(agreement: Agreement | None, both_ways: bool) -> bool:
    return not both_ways or (agreement is not None and agreement.direction is MediaDirection.SENDRECV)


def _narrow(agreement: Agreement | None) -> str:
    if agreement is None or agreement.direction is MediaDirection.SENDRECV:
        return ""
    return f"; {agreement.direction} was negotiated"
