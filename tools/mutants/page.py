"""Writes docs/mutants.md: what was tried, who noticed, and why what was not noticed may stay."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tools.mutants.trial import Verdict

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mutants.md"
EXPLAINED = Path(__file__).with_name("explained.toml")

HEAD = """# Mutants

Written by `make mutants`. Each row of each shipped chart is redirected to another state, kept from leaving its state,
stripped of each of its effects and turned into `ignored`; each guard of a row is negated; each state is entered without
one of its effects or timers. Each of these mutants then has to be noticed, one at a time, by the checker (`session-fsm
check`), by a test that plays calls on the virtual network, or by the comparison of both roles' media paths. Pages,
pictures, counts and replays with the charts as they are do not count: those would notice any change, good or bad.
The chart that ends user agents, `leaving`, has a test of its own for this: all of its mutants are noticed.

"""


def explanations() -> dict[str, str]:
    """Mutant -> why nobody can notice it, or need not."""
    return dict(tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))) if EXPLAINED.exists() else {}


def written(verdicts: Sequence[Verdict], tests: int) -> str:
    """The page."""
    ordinary = [verdict for verdict in verdicts if verdict.kind != "historical"]
    killed = [verdict for verdict in ordinary if verdict.noticed_by]
    share = 100.0 * len(killed) / len(ordinary)
    lines = [
        f"**{len(killed)} of {len(ordinary)} mutants are noticed: {share:.1f} %.** "
        f"{tests} tests on the virtual network were asked, of which each mutant meets those that come to its row.",
        "",
        *_by_chart(ordinary),
        "",
        *_by_kind(ordinary),
        "",
        "## The two historical faults",
        "",
        *_historical(verdicts),
        "",
        "## What is not noticed",
        "",
        *_survivors(ordinary, explanations()),
    ]
    return HEAD + "\n".join(lines) + "\n"


def _by_chart(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield from ("| chart | mutants | by the checker | by a test | by the media paths | not noticed |", "|---" * 6 + "|")
    for chart in dict.fromkeys(verdict.chart for verdict in verdicts):
        yield _line(f"[{chart}](charts/{chart}.md)", [v for v in verdicts if v.chart == chart])
    yield _line("all", verdicts)


def _by_kind(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield from (
        "| change | mutants | by the checker | by a test | by the media paths | not noticed |",
        "|---" * 6 + "|",
    )
    for kind in dict.fromkeys(verdict.kind for verdict in verdicts):
        yield _line(kind, [v for v in verdicts if v.kind == kind])


def _line(name: str, verdicts: Sequence[Verdict]) -> str:
    count = Counter(verdict.noticed_by for verdict in verdicts)
    cells = [name, len(verdicts), count["check"], count["test"], count["media paths"], count[None]]
    return "| " + " | ".join(map(str, cells)) + " |"


def _historical(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield from ("| fault | noticed by |", "|---|---|")
    for verdict in verdicts:
        if verdict.kind == "historical":
            found = f"{verdict.noticed_by}: `{verdict.how}`" if verdict.noticed_by else "**nobody**"
            yield f"| {verdict.mutant.partition(': ')[2]} | {found} |"


def _survivors(verdicts: Sequence[Verdict], known: Mapping[str, str]) -> Iterator[str]:
    survivors = [verdict for verdict in verdicts if not verdict.noticed_by]
    if not survivors:
        yield "Nothing."
        return
    yield from ("| mutant | why |", "|---|---|")
    for verdict in survivors:
        yield f"| {verdict.mutant} | {known.get(verdict.mutant, '**not explained yet**')} |"
