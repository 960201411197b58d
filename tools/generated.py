"""Files that are written from something else: which of them are stale, and the writing of just those."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def stale(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """The names of files that are missing, differ, or are wanted no more; other kinds of files do not count."""
    kinds = {Path(name).suffix for name in wanted}
    found = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*") if file.suffix in kinds}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """Write what is stale and remove what is wanted no more; the names of what changed."""
    changed = stale(folder, wanted)
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return changed
