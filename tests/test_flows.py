"""docs/flows.md: its diagrams are those of a call today. When this fails: python -m tools.flows."""

from __future__ import annotations

import re

import pytest

from session_fsm.session.building import shipped_charts
from session_fsm.testing import Line, Network, Phone
from tools.flows import PAGE, inside


def ring_and_accept(line: Line) -> None:
    line.ring()
    line.accept()


@pytest.fixture(scope="module")
def phones() -> list[Phone]:
    """Caller and callee of a call in virtual time, as that of the page but for its times."""
    phones = [Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2", when_called=ring_and_accept)]
    net = Network(*phones, delay=0.001)
    phones[0].call(phones[1])
    net.run_for(1)
    return phones


@pytest.mark.parametrize(("number", "role"), [(0, "caller"), (1, "callee")])
def test_the_page_has_every_step_of_a_call(phones: list[Phone], number: int, role: str):
    """In any order: whether the ACK or the first packet is read first is for the machine that wrote the page to say."""
    found = re.search(rf"## Inside the {role}\n.*?```mermaid\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None

    drawn = inside(phones[number].rows, dict(shipped_charts()))

    assert sorted(drawn.splitlines()) == sorted(found[1].splitlines())
