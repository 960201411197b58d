"""The flows of RFC 6026, and the losses of RFC 3261 that everybody meets."""

from __future__ import annotations

from tools.races.flows import one_call, over, rung, talking
from tools.races.stage import (
    CALLEE,
    CALLER,
    Stage,
    copies,
    count,
    distinct,
)

# RFC 6026.


async def invite_again_after_the_ack(stage: Stage) -> None:
    await talking(stage)
    stage.deliver(distinct(stage, "INVITE")[0], CALLEE)
    await stage.wait(1)

    one_call(stage)
    assert {"100 INVITE", "200 INVITE"} >= {d.name for d in stage.log if stage.sender(d) == CALLEE}


async def each_repeated_200_gets_its_ack(stage: Stage) -> None:
    stage.drop("ACK", CALLER, count=2)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await stage.sent("ACK", CALLER, times=3)
    await stage.wait(10)

    assert 1 == count(stage, "ACK", CALLER), "each ACK is the same octets"
    assert 3 <= copies(stage, "200 INVITE", CALLEE) <= copies(stage, "ACK", CALLER)


async def a_200_after_timer_m_is_a_stray(stage: Stage) -> None:
    await talking(stage)
    await stage.wait(66)
    before = len(stage.log)
    stage.deliver(distinct(stage, "200 INVITE", CALLEE)[0], CALLER)
    await stage.wait(1)

    assert ["Active"] == list(stage.calls(CALLER))
    assert before == len(stage.log)


async def an_ack_again_is_absorbed(stage: Stage) -> None:
    await talking(stage)
    before = len(stage.log)
    stage.deliver(distinct(stage, "ACK", CALLER)[0], CALLEE)
    await stage.wait(1)

    assert ["Active"] == list(stage.calls(CALLEE))
    assert before == len(stage.log)


# RFC 3261.


async def a_lost_200_comes_again(stage: Stage) -> None:
    stage.drop("200 INVITE", CALLEE, count=2)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await stage.state(CALLER, "Active")

    assert 3 <= copies(stage, "200 INVITE", CALLEE)


async def without_any_ack_the_callee_says_bye(stage: Stage) -> None:
    stage.drop("ACK", CALLER)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await over(stage)

    assert (1, 0) == (count(stage, "BYE", CALLEE), count(stage, "BYE", CALLER))


async def a_200_that_meets_a_waiting_cancel(stage: Stage) -> None:
    stage.drop("100 INVITE", CALLEE)
    stage.hold("200 INVITE", CALLEE)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await stage.do(CALLER, "hang_up")
    stage.release()
    await over(stage)

    assert (0, 1, 1) == (count(stage, "CANCEL"), count(stage, "ACK", CALLER), count(stage, "BYE", CALLER))


async def a_200_after_the_487_was_given_up(stage: Stage) -> None:
    await rung(stage)
    stage.drop("CANCEL", CALLER)
    await stage.do(CALLER, "hang_up")
    await stage.state(CALLER, "Cancelled")
    await stage.do(CALLEE, "accept")
    await stage.state(CALLEE, "Terminated")

    assert 0 == count(stage, "ACK", CALLER)
    assert 1 == count(stage, "BYE", CALLEE)


async def a_lost_487_comes_again(stage: Stage) -> None:
    await rung(stage)
    stage.drop("487 INVITE", CALLEE, count=2)
    await stage.do(CALLER, "hang_up")
    await over(stage, caller="Cancelled", callee="Cancelled")

    assert 3 <= copies(stage, "487 INVITE", CALLEE)


async def the_200_to_a_bye_is_lost(stage: Stage) -> None:
    await talking(stage)
    stage.drop("200 BYE", CALLEE, count=2)
    await stage.do(CALLER, "hang_up")
    await over(stage)

    assert 1 == count(stage, "BYE", CALLER)
    assert 3 <= copies(stage, "BYE", CALLER)
