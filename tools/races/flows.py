"""The published races: RFC 5407 flow by flow, the cases of RFC 6026, and those of RFC 3261 that everybody meets."""

from __future__ import annotations

from tools.races.stage import (
    CALLEE,
    CALLER,
    Race,
    Stage,
    Waiting,
    copies,
    count,
    distinct,
    early_bye,
    other_fork,
)

HELD = "OnHold"


async def _rung(stage: Stage) -> None:
    await stage.call()
    await stage.do(CALLEE, "ring")
    await stage.state(CALLER, "Ringing")


async def _talking(stage: Stage, *, offer: bool = True) -> None:
    await stage.call(offer=offer)
    await stage.do(CALLEE, "accept")
    await stage.state(CALLER, "Active")
    await stage.sent("ACK", CALLER)
    await stage.wait(0.2)


async def _over(stage: Stage, *, caller: str = "Terminated", callee: str = "Terminated") -> None:
    await stage.state(CALLER, caller)
    await stage.state(CALLEE, callee)


def _one_call(stage: Stage) -> None:
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

    _one_call(stage)
    assert [["Active"], ["Active"]] == [list(stage.calls(who)) for who in (CALLER, CALLEE)]
    assert {"100 INVITE", "200 INVITE"} >= {d.name for d in stage.log if stage.sender(d) == CALLEE}


async def cancel_in_moratorium(stage: Stage) -> None:
    await _rung(stage)
    stage.hold("200 INVITE", CALLEE)
    await stage.do(CALLEE, "accept")
    await stage.sent("200 INVITE", CALLEE)
    await stage.do(CALLER, "hang_up")
    await stage.sent("200 CANCEL", CALLEE)
    stage.release()
    await _over(stage)

    assert (0, 1, 1) == (count(stage, "487 INVITE"), count(stage, "ACK", CALLER), count(stage, "BYE", CALLER))


async def early_bye_in_moratorium(stage: Stage) -> None:
    await _rung(stage)
    stage.hold("200 INVITE", CALLEE)
    await stage.do(CALLEE, "accept")
    await stage.sent("200 INVITE", CALLEE)
    stage.deliver(early_bye(stage), CALLEE)
    await stage.state(CALLEE, "Terminated")
    stage.release()
    await stage.state(CALLER, "Active")
    await stage.do(CALLER, "hang_up")
    await _over(stage)

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
    await _over(stage)
    before = copies(stage, "200 INVITE")
    stage.release()
    await stage.wait(3)

    assert (1, before) == (count(stage, "200 BYE", CALLEE), copies(stage, "200 INVITE"))


# RFC 5407 §3.2: a message arrives in the Mortal state, after a BYE.


async def bye_crosses_bye(stage: Stage) -> None:
    await _talking(stage)
    stage.hold("BYE")
    await stage.do(CALLER, "hang_up")
    await stage.do(CALLEE, "hang_up")
    await stage.sent("BYE", CALLER)
    await stage.sent("BYE", CALLEE)
    stage.release()
    await _over(stage)
    await stage.sent("200 BYE", CALLER)
    await stage.sent("200 BYE", CALLEE)


async def reinvite_in_mortal(stage: Stage) -> None:
    await _talking(stage)
    stage.hold("INVITE", CALLEE)
    await stage.do(CALLEE, "reinvite", "sendonly")
    await stage.sent("INVITE", CALLEE)
    stage.hold("BYE", CALLER)
    await stage.do(CALLER, "hang_up")
    await stage.sent("BYE", CALLER)
    stage.release()
    await _over(stage)
    await stage.sent("481 INVITE", CALLER)
    await stage.sent("ACK", CALLEE)


async def reinvite_answered_in_mortal(stage: Stage) -> None:
    await _talking(stage)
    stage.hold("200 INVITE", CALLEE)
    await stage.do(CALLER, "reinvite", "sendonly")
    await stage.sent("200 INVITE", CALLEE, times=2)
    await stage.do(CALLER, "hang_up")
    await stage.sent("BYE", CALLER)
    stage.release()
    await _over(stage)
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
    await _over(stage)

    assert (1, 1) == (count(stage, "BYE", CALLEE), count(stage, "200 BYE", CALLER))


# RFC 5407 §3.3 and its appendices.


async def reinvite_crosses_reinvite(stage: Stage) -> None:
    await _talking(stage)
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
    await _rung(stage)
    stage.deliver(early_bye(stage), CALLEE)
    await _over(stage, caller="Failed", callee="Cancelled")

    assert (1, 1) == (count(stage, "200 BYE", CALLEE), count(stage, "487 INVITE", CALLEE))


async def bye_overtakes_reinvite(stage: Stage) -> None:
    await _talking(stage)
    stage.hold("INVITE", CALLER)
    await stage.do(CALLER, "reinvite", "sendonly")
    await stage.sent("INVITE", CALLER, times=2)
    await stage.do(CALLER, "hang_up")
    await stage.state(CALLEE, "Terminated")
    stage.release()
    await _over(stage)
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
    await _over(stage, caller="Cancelled", callee="Cancelled")

    assert (1, 1) == (count(stage, "CANCEL", CALLER), count(stage, "487 INVITE", CALLEE))


async def a_second_fork_answers(stage: Stage) -> None:
    await _talking(stage)
    stage.deliver(other_fork(stage), CALLER)
    await stage.sent("BYE", CALLER)
    await stage.wait(1)

    unwanted = [d.request.to_tag for name in ("ACK", "BYE") for d in distinct(stage, name, CALLER)][1:]
    assert ["another", "another"] == unwanted
    assert [["Active"], ["Active"]] == [list(stage.calls(who)) for who in (CALLER, CALLEE)]


# RFC 6026.


async def invite_again_after_the_ack(stage: Stage) -> None:
    await _talking(stage)
    stage.deliver(distinct(stage, "INVITE")[0], CALLEE)
    await stage.wait(1)

    _one_call(stage)
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
    await _talking(stage)
    await stage.wait(66)
    before = len(stage.log)
    stage.deliver(distinct(stage, "200 INVITE", CALLEE)[0], CALLER)
    await stage.wait(1)

    assert ["Active"] == list(stage.calls(CALLER))
    assert before == len(stage.log)


async def an_ack_again_is_absorbed(stage: Stage) -> None:
    await _talking(stage)
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
    await _over(stage)

    assert (1, 0) == (count(stage, "BYE", CALLEE), count(stage, "BYE", CALLER))


async def a_200_that_meets_a_waiting_cancel(stage: Stage) -> None:
    stage.drop("100 INVITE", CALLEE)
    stage.hold("200 INVITE", CALLEE)
    await stage.call()
    await stage.do(CALLEE, "accept")
    await stage.do(CALLER, "hang_up")
    stage.release()
    await _over(stage)

    assert (0, 1, 1) == (count(stage, "CANCEL"), count(stage, "ACK", CALLER), count(stage, "BYE", CALLER))


async def a_200_after_the_487_was_given_up(stage: Stage) -> None:
    await _rung(stage)
    stage.drop("CANCEL", CALLER)
    await stage.do(CALLER, "hang_up")
    await stage.state(CALLER, "Cancelled")
    await stage.do(CALLEE, "accept")
    await stage.state(CALLEE, "Terminated")

    assert 0 == count(stage, "ACK", CALLER)
    assert 1 == count(stage, "BYE", CALLEE)


async def a_lost_487_comes_again(stage: Stage) -> None:
    await _rung(stage)
    stage.drop("487 INVITE", CALLEE, count=2)
    await stage.do(CALLER, "hang_up")
    await _over(stage, caller="Cancelled", callee="Cancelled")

    assert 3 <= copies(stage, "487 INVITE", CALLEE)


async def the_200_to_a_bye_is_lost(stage: Stage) -> None:
    await _talking(stage)
    stage.drop("200 BYE", CALLEE, count=2)
    await stage.do(CALLER, "hang_up")
    await _over(stage)

    assert 1 == count(stage, "BYE", CALLER)
    assert 3 <= copies(stage, "BYE", CALLER)


RACES: tuple[Race, ...] = (
    Race(
        name="invite-again-in-moratorium",
        source="RFC 5407 §3.1.1",
        title="INVITE again, while the 200 has no ACK",
        wanted="It is the same INVITE: no second call, nothing but the 200 as answer.",
        play=invite_again_in_moratorium,
    ),
    Race(
        name="cancel-in-moratorium",
        source="RFC 5407 §3.1.2, RFC 3261 §9.1",
        title="CANCEL crosses the 200",
        wanted="200 to the CANCEL, no 487; the caller sends ACK and BYE.",
        play=cancel_in_moratorium,
    ),
    Race(
        name="early-bye-in-moratorium",
        source="RFC 5407 §3.1.3",
        title="A BYE of the early dialog crosses the 200",
        wanted="200 to the BYE, the 200 to the INVITE still gets its ACK, the call is over.",
        play=early_bye_in_moratorium,
    ),
    Race(
        name="reinvite-in-moratorium",
        source="RFC 5407 §3.1.4",
        title="re-INVITE before the ACK, offer and answer complete",
        wanted="200 to the re-INVITE; both sides agree.",
        play=reinvite_in_moratorium,
    ),
    Race(
        name="reinvite-in-moratorium-without-answer",
        source="RFC 5407 §3.1.5",
        title="re-INVITE before the ACK that carries the answer",
        wanted="491, and once the ACK has come the second try succeeds.",
        play=reinvite_in_moratorium_without_an_answer,
        slow=True,
    ),
    Race(
        name="bye-in-moratorium",
        source="RFC 5407 §3.1.6",
        title="BYE overtakes the ACK",
        wanted="200 to the BYE, the 200 to the INVITE is not repeated any more, the late ACK is absorbed.",
        play=bye_in_moratorium,
    ),
    Race(
        name="bye-crosses-bye",
        source="RFC 5407 §3.2.1",
        title="BYE crosses BYE",
        wanted="Both get a 200; both calls end.",
        play=bye_crosses_bye,
    ),
    Race(
        name="reinvite-in-mortal",
        source="RFC 5407 §3.2.2",
        title="re-INVITE crosses a BYE",
        wanted="481 to the re-INVITE, its ACK, and the end.",
        play=reinvite_in_mortal,
    ),
    Race(
        name="reinvite-answered-in-mortal",
        source="RFC 5407 §3.2.3",
        title="The 200 to our re-INVITE crosses our BYE",
        wanted="It gets its ACK; the call ends.",
        play=reinvite_answered_in_mortal,
    ),
    Race(
        name="ack-in-mortal",
        source="RFC 5407 §3.2.4, RFC 3261 §15",
        title="The ACK comes after the callee's BYE",
        wanted="No BYE before the ACK or 64*T1; the ACK that comes then changes nothing.",
        play=ack_in_mortal,
        slow=True,
    ),
    Race(
        name="reinvite-crosses-reinvite",
        source="RFC 5407 §3.3.1, RFC 3261 §14.1",
        title="re-INVITE crosses re-INVITE",
        wanted="491 both ways; the tries that follow bring both sides together.",
        play=reinvite_crosses_reinvite,
        slow=True,
    ),
    Race(
        name="early-bye",
        source="RFC 5407 appendix A, RFC 3261 §15.1.2",
        title="BYE within an early dialog",
        wanted="200 to the BYE and 487 to the INVITE.",
        play=early_bye_ends_the_invite,
    ),
    Race(
        name="bye-overtakes-reinvite",
        source="RFC 5407 appendix B",
        title="Our BYE overtakes our re-INVITE",
        wanted="481 to the re-INVITE; the call ends.",
        play=bye_overtakes_reinvite,
    ),
    Race(
        name="cancel-waits",
        source="RFC 5407 appendix C, RFC 3261 §9.1",
        title="Hanging up before a provisional response",
        wanted="No CANCEL before the 1xx; then CANCEL and 487.",
        play=cancel_waits_for_a_provisional_response,
    ),
    Race(
        name="second-fork",
        source="RFC 5407 appendix E, RFC 6026 §7.2, RFC 3261 §13.2.2.4",
        title="A 200 under another tag",
        wanted="ACK and BYE to the second fork; the first call goes on.",
        play=a_second_fork_answers,
    ),
    Race(
        name="invite-again-after-ack",
        source="RFC 6026 §7.1",
        title="INVITE again, after the ACK",
        wanted="Absorbed by the Accepted state: no second call, no answer.",
        play=invite_again_after_the_ack,
    ),
    Race(
        name="lost-ack",
        source="RFC 6026 §7.2, RFC 3261 §13.2.2.4",
        title="The ACK is lost, twice",
        wanted="Each repeated 200 gets the same ACK again.",
        play=each_repeated_200_gets_its_ack,
    ),
    Race(
        name="stray-200",
        source="RFC 6026 §7.2",
        title="A 200 after timer M",
        wanted="A stray: dropped, and nothing is sent.",
        play=a_200_after_timer_m_is_a_stray,
        slow=True,
    ),
    Race(
        name="ack-again",
        source="RFC 6026 §7.1",
        title="The ACK to a 200, again",
        wanted="Absorbed.",
        play=an_ack_again_is_absorbed,
    ),
    Race(
        name="lost-200",
        source="RFC 3261 §13.3.1.4",
        title="The 200 is lost, twice",
        wanted="The callee repeats it; the call is answered.",
        play=a_lost_200_comes_again,
    ),
    Race(
        name="no-ack-at-all",
        source="RFC 3261 §13.3.1.4",
        title="Every ACK is lost",
        wanted="64*T1 after the 200 the callee ends the call with BYE.",
        play=without_any_ack_the_callee_says_bye,
        slow=True,
    ),
    Race(
        name="200-meets-waiting-cancel",
        source="RFC 3261 §9.1",
        title="A 200 instead of the 1xx that the CANCEL waits for",
        wanted="No CANCEL; ACK and BYE.",
        play=a_200_that_meets_a_waiting_cancel,
    ),
    Race(
        name="late-200",
        source="RFC 3261 §9.1",
        title="The CANCEL was lost for 64*T1; then the callee answers",
        wanted="The caller's transaction is gone: no ACK; the callee gives up with BYE.",
        play=a_200_after_the_487_was_given_up,
        slow=True,
    ),
    Race(
        name="lost-487",
        source="RFC 3261 §17.2.1",
        title="The 487 is lost, twice",
        wanted="Timer G repeats it until its ACK.",
        play=a_lost_487_comes_again,
    ),
    Race(
        name="lost-200-to-bye",
        source="RFC 3261 §17.1.2.2, §17.2.2",
        title="The 200 to the BYE is lost, twice",
        wanted="The BYE is repeated, the same 200 comes again.",
        play=the_200_to_a_bye_is_lost,
    ),
)

WAITING: tuple[Waiting, ...] = (
    Waiting("RFC 5407 §3.3.2", "UPDATE crosses re-INVITE", "UPDATE"),
    Waiting("RFC 5407 §3.3.3", "REFER in the Mortal state", "REFER"),
)
