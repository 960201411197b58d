"""What the README says is true: its examples run, and its picture is drawn from the chart."""

import asyncio
import re
import textwrap
from pathlib import Path

import numpy
import pytest

from session_fsm import Chart, Machine, UserAgent
from session_fsm.chart import shipped
from tools.event_list import PAGE, page
from tools.pictures import pictures

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def example(name: str) -> str:
    """The code block behind the comment that names it."""
    found = re.search(rf"<!-- example: {name} -->\n```python\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", ["place", "answer"])
def test_an_example_has_at_most_six_lines(name: str) -> None:
    """Placing a call and answering one take six lines each."""
    assert len(example(name).splitlines()) <= 6


async def test_the_two_examples_talk_to_each_other() -> None:
    """Run as they stand, on a port that is free, the caller hears its own silence from the echo."""
    namespace = {"UserAgent": UserAgent, "numpy": numpy}
    async with UserAgent("sip:probe@127.0.0.1", bind="127.0.0.1:0") as probe:
        port = probe.address[1]
    for name in ("place", "answer"):
        code = example(name).replace("5070", str(port))
        exec(f"async def {name}():\n{textwrap.indent(code, '    ')}", namespace)
    answering = asyncio.create_task(namespace["answer"]())
    # One turn of the loop: the callee opens its port before it first waits. A call to a closed port would fail at once.
    await asyncio.wait({answering}, timeout=0)

    frame = await namespace["place"]()
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)

    assert 160 == len(frame)


def test_the_door_greets_its_guest(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of a machine of one's own runs as it stands."""
    monkeypatch.chdir(Path(__file__).parent.parent)

    exec(example("door"), {"Machine": Machine, "Chart": Chart})

    assert "Welcome, Ada!\n" == capsys.readouterr().out


def test_every_picture_of_the_readme_is_one_that_the_tool_draws() -> None:
    """Light and dark; that the files are the newest is tested with the pages of the charts."""
    named = re.findall(r'(?:src|srcset)="docs/pictures/([^"]+)"', README)

    assert ["media-dark.svg", "media-light.svg", "ladder-dark.svg", "ladder-light.svg"] == named
    assert set(named) <= pictures().keys()


def test_the_event_list_is_fresh() -> None:
    """docs/events.md is what `make charts` writes today."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_no_link_of_a_page_leads_nowhere() -> None:
    """README and every page in docs/."""
    dead = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]

    assert [] == dead


def test_the_house_names_every_chart() -> None:
    """docs/house.md says of each how many there are and what it decides."""
    house = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")

    assert [] == [name for name in shipped() if f"(charts/{name}.md)" not in house]
