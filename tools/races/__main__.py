"""`python -m tools.races [NAME …] [--wire]`: plays the published races, and says how each came out.

With `--wire` each is also played over real UDP, by two processes with a relay between them; when all are, docs/races.md
is written. Exit code 3 when an outcome is not the one that the RFC asks for.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.races import virtual, wire
from tools.races.published import RACES, WAITING
from tools.races.stage import Race

PAGE = Path(__file__).resolve().parents[2] / "docs" / "races.md"

HEAD = """# The published races

Written by `python -m tools.races --wire`. Messages that cross each other, come late, twice or not at all: every flow of
RFC 5407, the cases of RFC 6026, and the losses of RFC 3261 that everybody meets. Each is one scenario in
[tools/races](../tools/races), which is played twice: on the [virtual network](virtual-network.md),
where nothing is left once all timers have fired, and over real UDP between two processes, with a relay that holds
messages back, lets others overtake them, loses and repeats them.

What was read: RFC 3261 in full. Of RFC 5407 the beginning of its contents, and the words of §2 (what a mortal dialog
still sends), §3.1.2, §3.1.4, §3.1.5, §3.2.1, §3.2.3 and appendix D, and of RFC 6026 those of §6, §7.1, §7.2 and parts
of §8, as other implementations quote them. The other flows of RFC 5407 are played after their titles (their section
numbers follow from the order), and asked what RFC 3261 asks: in §3.2.4 a BYE waits for the ACK or for 64*T1, because
RFC 3261 §15 forbids another order.

"""


@dataclass(frozen=True, slots=True)
class Result:
    """How one race came out."""

    failure: str | None
    "What was not as the RFC asks; None when all was."

    @property
    def word(self) -> str:
        """For a table."""
        return "holds" if self.failure is None else f"**fails**: {self.failure}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Play them; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.races", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(race.name for race in RACES))
    parser.add_argument("--wire", action="store_true", help="over real UDP too")
    asked = parser.parse_args(arguments)
    unknown = set(asked.names) - {race.name for race in RACES}
    if unknown:
        parser.error(f"no race is called {', '.join(sorted(unknown))}")
    chosen = [race for race in RACES if not asked.names or race.name in asked.names]
    results = list(_played(chosen, on_wire=asked.wire))
    if asked.wire and len(chosen) == len(RACES):
        PAGE.write_text(written(results), encoding="utf-8")
    return 0 if all(result.failure is None for _, *both in results for result in both) else 3


def _played(races: Sequence[Race], *, on_wire: bool) -> Iterator[tuple[Race, *tuple[Result, ...]]]:
    for race in races:
        began = time.monotonic()
        found = [_result(virtual.play, race)] + ([_result(wire.play, race)] if on_wire else [])
        words = ", ".join(result.word for result in found)
        print(f"{race.name:38} {words}   {time.monotonic() - began:.1f} s", flush=True)
        yield race, *found


def _result(play: Callable[[Race], None], race: Race) -> Result:
    try:
        play(race)
    except Exception as error:
        return Result(f"{type(error).__name__}: {error}".splitlines()[0])
    return Result(None)


def written(results: Sequence[tuple[Race, *tuple[Result, ...]]]) -> str:
    """The page."""
    rows = ["| race | where | the outcome that is asked for | sans-IO | over UDP |", "|---|---|---|---|---|"]
    for race, *both in results:
        words = " | ".join(result.word for result in both)
        rows.append(f"| {race.title} (`{race.name}`) | {race.source} | {race.wanted} | {words} |")
    rows += ["", "## Waiting for a method", "", "| race | where | needs |", "|---|---|---|"]
    rows += [f"| {waiting.title} | {waiting.source} | {waiting.needs} |" for waiting in WAITING]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
