"""A run that breaks a property: told step by step, kept in a file, and made again without Hypothesis."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, cast

from session_fsm.chart import START, Chart, read_folder, recalled, remembered
from session_fsm.machine import TraceRow, write_jsonl
from session_fsm.testing.runs import Move, Run, Target, make_all
from session_fsm.testing.targets import targets

SCHEMA = 1
KIND = "session_fsm counterexample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """What was done, and what was wrong then."""

    target: str
    "pair, or a chart by name, by `NAME:side`, or by its file."
    breaks: str
    "The property."
    message: str
    "What was wrong, in words."
    moves: tuple[Move, ...]
    unrestricted: bool = False
    seed: int | None = None
    "With which it was found."
    folder: Path | None = None
    "Where the charts are that stood in the place of shipped ones."

    @property
    def stem(self) -> str:
        """The name of its files: the same run has the same."""
        digest = sha256(json.dumps([self.target, self.breaks, self.moves]).encode()).hexdigest()[:8]
        return f"{Path(self.target).stem.replace(':', '-')}.{self.breaks}.{digest}"

    def as_dict(self, file: Path | None = None) -> dict[str, object]:
        """As plain data, for this file."""
        charts = {"charts": remembered(self.folder, file or Path())} if self.folder is not None else {}
        return {
            "schema": SCHEMA,
            "kind": KIND,
            "target": self.target,
            "property": self.breaks,
            "message": self.message,
            "unrestricted": self.unrestricted,
            "seed": self.seed,
            "moves": [list(move) for move in self.moves],
            **charts,
        }

    def find(self, charts: Mapping[str, Chart] | None = None) -> Target[Any]:
        """What it is a run of, with the charts of its folder unless others are given. Raises ChartError."""
        if charts is None and self.folder is not None:
            charts = read_folder(self.folder)
        found = targets(self.target, unrestricted=self.unrestricted, charts=charts, folder=self.folder)
        if len(found) > 1:
            raise ValueError(f"{self.target} has two sides; possible: {self.target}:uac, {self.target}:uas")
        return found[0]

    def run(self, charts: Mapping[str, Chart] | None = None) -> Run:
        """Make the run again."""
        target = self.find(charts)
        try:
            return cast(Run, make_all(target.begin(), self.moves))
        finally:
            target.close()

    def wrong(self, charts: Mapping[str, Chart] | None = None) -> str | None:
        """What is wrong with the run now; None when the property holds."""
        target = self.find(charts)
        try:
            return target.properties[self.breaks](make_all(target.begin(), self.moves))
        finally:
            target.close()


def told(example: Counterexample, charts: Mapping[str, Chart] | None = None) -> str:
    """The run as people read it: what is wrong, each move with what it changed, and a call's ladder."""
    target = example.find(charts)
    run = target.begin()
    lines = [f"{example.breaks}: {example.message}", ""]
    seen = [len(rows) for rows in run.traces()]
    for n, move in enumerate(example.moves, 1):
        made = run.make(move)
        lines.append(f"{n:>3}. {move}{'' if made else ' (not possible)'}")
        for side, rows in enumerate(run.traces()):
            lines += [f"       {change}" for change in _changes(_name(run, side), rows[seen[side] :])]
        seen = [len(rows) for rows in run.traces()]
    target.close()
    return "\n".join([*lines, "", *_ladder(run)])


def _name(run: Run, side: int) -> str:
    names: Sequence[str] = getattr(run, "names", ())
    return f"{names[side]} " if names else ""


def _changes(side: str, rows: Sequence[TraceRow]) -> Iterator[str]:
    """What changed on one side, and what did not and why."""
    for row in rows:
        guards = ", ".join(name if value else f"not {name}" for name, value in row.guards)
        because = f" [{guards}]" if guards else ""
        if row.event != START and row.from_state != row.to_state:
            yield f"{side}{row.machine}: {row.from_state} → {row.to_state} on {row.event}{because}"
        elif row.verdict not in ("row", "ignored") and row.chart:
            yield f"{side}{row.machine}: {row.event} is {row.verdict} in {row.from_state}{because}"


def _ladder(run: Run) -> list[str]:
    """A wing may look at the drawing wing when it is asked to show something."""
    from session_fsm.render import ladder_text

    if not hasattr(run, "names"):
        return []
    left, right = run.traces()
    return ladder_text(left, right, charts=("call", "media")).splitlines()


def keep(example: Counterexample, folder: Path, charts: Mapping[str, Chart] | None = None) -> Path:
    """Write it into a folder: as moves (.json), as a trace (.jsonl), and as told (.txt). Gives the trace's path."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = io.StringIO()
    # One side after the other, so that rows of one label and no session do not mix.
    trace = folder / f"{example.stem}.jsonl"
    named = remembered(example.folder, trace) if example.folder is not None else ""
    made_with = example.find(charts).charts
    write_jsonl(chain(*example.run(charts).traces()), rows, charts=named, made_with=made_with)
    _write(trace, rows.getvalue())
    _write(folder / f"{example.stem}.txt", told(example, charts) + "\n")
    _write(folder / f"{example.stem}.json", json.dumps(example.as_dict(trace), indent=1, ensure_ascii=False) + "\n")
    return trace


def _write(path: Path, text: str) -> None:
    """All of it, or nothing."""
    half = path.with_name(path.name + ".part")
    half.write_text(text, encoding="utf-8")
    os.replace(half, path)


def kept(folder: Path) -> list[Path]:
    """The counterexamples of a folder, oldest name first."""
    return sorted(folder.glob("*.json")) if folder.is_dir() else []


def read(path: Path, charts: Mapping[str, Chart] | None = None) -> Counterexample:
    """Read one from its file. Raises ValueError with file, what was found, and what is possible.

    It is judged by these charts, else by those of the folder that it names, else by the shipped ones.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path}: no JSON: {error}") from None
    if not isinstance(data, dict) or data.get("kind") != KIND or data.get("schema") != SCHEMA:
        raise ValueError(f"{path}: no counterexample; possible: a .json file that `session-fsm fuzz` wrote")
    try:
        moves = tuple(_move(move) for move in data["moves"])
        example = Counterexample(
            target=str(data["target"]),
            breaks=str(data["property"]),
            message=str(data["message"]),
            moves=moves,
            unrestricted=bool(data["unrestricted"]),
            seed=data["seed"],
            folder=recalled(str(data["charts"]), path) if "charts" in data else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: a field is missing or wrong: {error}") from None
    if charts is None and example.folder is not None and not example.folder.exists():
        raise ValueError(f"{path}: it was found with the charts in {example.folder}, which is not there now")
    properties = example.find(charts).properties
    if example.breaks not in properties:
        raise ValueError(f"{path}: no property {example.breaks}; possible: {', '.join(properties)}")
    return example


def _move(data: Sequence[object]) -> Move:
    verb, who, what, n, seconds = data
    return Move(str(verb), str(who), str(what), int(cast(int, n)), float(cast(float, seconds)))
