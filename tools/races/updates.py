"""The races of UPDATE: RFC 5407 §3.3.2, and what RFC 3311 §5 leaves to happen."""

from __future__ import annotations

from tools.races.flows import HELD, over, rung, talking
from tools.races.stage import CALLEE, CALLER, Stage, count, distinct


async def update_crosses_reinvite(stage: Stage) -> None:
    await talking(stage)
    stage.hold("INVITE")
    stage.hold("UPDATE")
    await stage.do(CALLER, "reinvite", "sendonly")
    await stage.do(CALLEE, "reinvite", "sendonly")
    await stage.sent("INVITE", CALLER, times=2)
    await stage.sent("UPDATE", CALLEE)
    stage.release()
    await stage.sent("491 UPDATE", CALLER)
    await stage.sent("491 INVITE", CALLEE)
    # Each tries again after its own time; both hold in the end.
    await stage.sent("200 UPDATE", CALLER)
    await stage.sent("200 INVITE", CALLEE, times=2)
    await stage.state(CALLER, HELD)
    await stage.state(CALLEE, HELD)


async def update_crosses_update(stage: Stage) -> None:
    await talking(stage)
    stage.hold("UPDATE")
    await stage.do(CALLER, "reinvite", "sendonly")
    await stage.do(CALLEE, "reinvite", "sendonly")
    await stage.sent("UPDATE", CALLER)
    await stage.sent("UPDATE", CALLEE)
    stage.release()
    await stage.sent("491 UPDATE", CALLER)
    await stage.sent("491 UPDATE", CALLEE)
    await stage.sent("200 UPDATE", CALLER)
    await stage.sent("200 UPDATE", CALLEE)
    await stage.state(CALLER, HELD)
    await stage.state(CALLEE, HELD)


async def update_in_moratorium(stage: Stage) -> None:
    stage.hold("ACK", CALLER)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await stage.state(CALLER, "Active")
    await stage.do(CALLEE, "reinvite", "sendonly")
    await stage.sent("200 UPDATE", CALLER)
    await stage.state(CALLER, HELD)
    await stage.state(CALLEE, HELD)
    assert 0 == count(stage, "INVITE", CALLEE), "no INVITE of the callee leaves before the ACK"
    stage.release()
    await stage.wait(1)


async def update_overtakes_the_200(stage: Stage) -> None:
    await rung(stage)
    stage.hold("200 INVITE", CALLEE)
    await stage.do(CALLEE, "accept")
    await stage.sent("200 INVITE", CALLEE)
    await stage.do(CALLEE, "reinvite", "sendonly")
    await stage.sent("491 UPDATE", CALLER)
    stage.release()
    await stage.state(CALLER, HELD)
    await stage.state(CALLEE, HELD)


async def update_overtakes_everything(stage: Stage) -> None:
    stage.hold("200 INVITE", CALLEE)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await stage.sent("200 INVITE", CALLEE)
    await stage.do(CALLEE, "reinvite", "sendonly")
    await stage.sent("491 UPDATE", CALLER)
    early = distinct(stage, "UPDATE", CALLEE)[0]
    stage.release()
    await stage.sent("ACK", CALLER)
    stage.deliver(early, CALLER)
    await stage.sent("491 UPDATE", CALLER, times=2)
    await stage.state(CALLER, HELD)
    await stage.state(CALLEE, HELD)
    assert 1 == count(stage, "491 UPDATE", CALLER), "both copies get the same answer"


async def update_in_mortal(stage: Stage) -> None:
    await talking(stage)
    stage.hold("UPDATE", CALLEE)
    await stage.do(CALLEE, "reinvite", "sendonly")
    await stage.sent("UPDATE", CALLEE)
    stage.hold("BYE", CALLER)
    await stage.do(CALLER, "hang_up")
    await stage.sent("BYE", CALLER)
    stage.release()
    await over(stage)
    await stage.sent("481 UPDATE", CALLER)
