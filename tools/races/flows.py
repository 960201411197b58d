"""How each flow of RFC 5407 is played, and what is asked of it."""

from __future__ import annotations

from tools.races.stage import (
    CALLEE,
    CALLER,
    Stage,
    copies,
    count,
    distinct,
    early_bye,
    other_fork,
)

HELD = "OnHold"


async def rung(stage: Stage) -> None:
    """The callee rings."""
    await stage.call()
    await stage.do(CALLEE, "ring")
    await stage.state(CALLER, "Ringing")


async def talking(stage: Stage, *, offer: bool = True) -> None:
    """The call is answered on both sides."""
    await stage.call(offer=offer)
    await stage.do(CALLEE, "accept")
    await stage.state(CALLER, "Active")
    await stage.sent("ACK", CALLER)
    await stage.wait(0.2)


async def over(stage: Stage, *, caller: str = "Terminated", callee: str = "Terminated") -> None:
    """Both sides have ended."""
    await stage.state(CALLER, caller)
    await stage.state(CALLEE, callee)


def one_call(stage: Stage) -> None:
    """The callee has had one call and no other."""
    assert 1 == len(stage.calls(CALLEE)), f"the callee has had {len(stage.calls(CALLEE))} calls"


# RFC 5407 §3.1: a message arrives in the Moratorium state, between the 200 and its ACK.


async def invite_again_in_moratorium(stage: Stage) -> None:
    stage.hold("ACK", CALLER)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await stage.state(CALLER, "Active")
    stage.deliver(distinct(stage, "INVITE")[0], CALLEE)
    await stage.wait(0.2)
    stage.release()
    await stage.wait(0.5)

    one_call(stage)
    assert [["Active"], ["Active"]] == [list(stage.calls(who)) for who in (CALLER, CALLEE)]
    assert {"100 INVITE", "200 INVITE"} >= {d.name for d in stage.log if stage.sender(d) == CALLEE}


async def cancel_in_moratorium(stage: Stage) -> None:
    await rung(stage)
    stage.hold("200 INVITE", CALLEE)
    await stage.do(CALLEE, "accept")
    await stage.sent("200 INVITE", CALLEE)
    await stage.do(CALLER, "hang_up")
    await stage.sent("200 CANCEL", CALLEE)
    stage.release()
    await over(stage)

    assert (0, 1, 1) == (count(stage, "487 INVITE"), count(stage, "ACK", CALLER), count(stage, "BYE", CALLER))


async def early_bye_in_moratorium(stage: Stage) -> None:
    await rung(stage)
    stage.hold("200 INVITE", CALLEE)
    await stage.do(CALLEE, "accept")
    await stage.sent("200 INVITE", CALLEE)
    stage.deliver(early_bye(stage), CALLEE)
    await stage.state(CALLEE, "Terminated")
    stage.release()
    await stage.state(CALLER, "Active")
    await stage.do(CALLER, "hang_up")
    await over(stage)

    answers = count(stage, "200 BYE", CALLEE) + count(stage, "481 BYE", CALLEE)
    assert (2, 1) == (answers, count(stage, "ACK", CALLER))
    assert 1 == copies(stage, "200 INVITE")


async def reinvite_in_moratorium(stage: Stage) -> None:
    stage.drop("ACK", CALLER, count=1)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await stage.state(CALLER, "Active")
    await stage.do(CALLER, "reinvite", "sendonly")
    await stage.state(CALLER, HELD)
    await stage.state(CALLEE, HELD)

    assert (0, 0) == (count(stage, "491 INVITE"), count(stage, "500 INVITE"))


async def reinvite_in_moratorium_without_an_answer(stage: Stage) -> None:
    stage.hold("ACK", CALLER)
    await stage.call(offer=False)
    await stage.do(CALLEE, "accept")
    await stage.state(CALLER, "Active")
    await stage.do(CALLER, "reinvite", "sendonly")
    await stage.sent("491 INVITE", CALLEE)
    stage.release()
    await stage.state(CALLER, HELD)
    await stage.state(CALLEE, HELD)

    assert 1 == count(stage, "491 INVITE", CALLEE)


async def bye_in_moratorium(stage: Stage) -> None:
    stage.hold("ACK", CALLER)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await stage.state(CALLER, "Active")
    await stage.do(CALLER, "hang_up")
    await over(stage)
    before = copies(stage, "200 INVITE")
    stage.release()
    await stage.wait(3)

    assert (1, before) == (count(stage, "200 BYE", CALLEE), copies(stage, "200 INVITE"))


# RFC 5407 §3.2: a message arrives in the Mortal state, after a BYE.


async def bye_crosses_bye(stage: Stage) -> None:
    await talking(stage)
    stage.hold("BYE")
    await stage.do(CALLER, "hang_up")
    await stage.do(CALLEE, "hang_up")
    await stage.sent("BYE", CALLER)
    await stage.sent("BYE", CALLEE)
    stage.release()
    await over(stage)
    await stage.sent("200 BYE", CALLER)
    await stage.sent("200 BYE", CALLEE)


async def reinvite_in_mortal(stage: Stage) -> None:
    await talking(stage)
    stage.hold("INVITE", CALLEE)
    await stage.do(CALLEE, "reinvite", "sendonly")
    await stage.sent("INVITE", CALLEE)
    stage.hold("BYE", CALLER)
    await stage.do(CALLER, "hang_up")
    await stage.sent("BYE", CALLER)
    stage.release()
    await over(stage)
    await stage.sent("481 INVITE", CALLER)
    await stage.sent("ACK", CALLEE)


async def reinvite_answered_in_mortal(stage: Stage) -> None:
    await talking(stage)
    stage.hold("200 INVITE", CALLEE)
    await stage.do(CALLER, "reinvite", "sendonly")
    await stage.sent("200 INVITE", CALLEE, times=2)
    await stage.do(CALLER, "hang_up")
    await stage.sent("BYE", CALLER)
    stage.release()
    await over(stage)
    await stage.sent("ACK", CALLER, times=2)

    assert 2 == count(stage, "ACK", CALLER)


async def ack_in_mortal(stage: Stage) -> None:
    stage.hold("ACK", CALLER)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await stage.state(CALLER, "Active")
    await stage.do(CALLEE, "hang_up")
    await stage.wait(10)
    assert 0 == count(stage, "BYE"), "a callee sends no BYE before the ACK or the time-out"
    await stage.sent("BYE", CALLEE)
    stage.release()
    await over(stage)

    assert (1, 1) == (count(stage, "BYE", CALLEE), count(stage, "200 BYE", CALLER))


# RFC 5407 §3.3 and its appendices.


async def reinvite_crosses_reinvite(stage: Stage) -> None:
    await talking(stage)
    stage.hold("INVITE")
    await stage.do(CALLER, "reinvite", "sendonly")
    await stage.do(CALLEE, "reinvite", "sendonly")
    await stage.sent("INVITE", CALLEE)
    await stage.sent("INVITE", CALLER, times=2)
    stage.release()
    await stage.sent("491 INVITE", CALLER)
    await stage.sent("491 INVITE", CALLEE)
    # Each tries again after its own time; the later one may meet the 2xx of the other.
    await stage.sent("200 INVITE", CALLER)
    await stage.state(CALLER, HELD)
    await stage.state(CALLEE, HELD)


async def early_bye_ends_the_invite(stage: Stage) -> None:
    await rung(stage)
    stage.deliver(early_bye(stage), CALLEE)
    await over(stage, caller="Failed", callee="Cancelled")

    assert (1, 1) == (count(stage, "200 BYE", CALLEE), count(stage, "487 INVITE", CALLEE))


async def bye_overtakes_reinvite(stage: Stage) -> None:
    await talking(stage)
    stage.hold("INVITE", CALLER)
    await stage.do(CALLER, "reinvite", "sendonly")
    await stage.sent("INVITE", CALLER, times=2)
    await stage.do(CALLER, "hang_up")
    await stage.state(CALLEE, "Terminated")
    stage.release()
    await over(stage)
    await stage.sent("481 INVITE", CALLEE)


async def cancel_waits_for_a_provisional_response(stage: Stage) -> None:
    stage.hold("180 INVITE", CALLEE)
    stage.drop("100 INVITE", CALLEE)
    await stage.call()
    await stage.do(CALLEE, "ring")
    await stage.do(CALLER, "hang_up")
    await stage.wait(1)
    assert 0 == count(stage, "CANCEL")
    stage.release()
    await over(stage, caller="Cancelled", callee="Cancelled")

    assert (1, 1) == (count(stage, "CANCEL", CALLER), count(stage, "487 INVITE", CALLEE))


async def a_second_fork_answers(stage: Stage) -> None:
    await talking(stage)
    stage.deliver(other_fork(stage), CALLER)
    await stage.sent("BYE", CALLER)
    await stage.wait(1)

    unwanted = [d.request.to_tag for name in ("ACK", "BYE") for d in distinct(stage, name, CALLER)][1:]
    assert ["another", "another"] == unwanted
    assert [["Active"], ["Active"]] == [list(stage.calls(who)) for who in (CALLER, CALLEE)]
