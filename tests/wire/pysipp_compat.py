"""Imports pysipp 0.1.0, which as installed does not import on any Python that we support.

It hands pluggy an argument that was removed in pluggy 1.0, and needs `imp` and `distutils`, gone in Python 3.12. What
it misses is lent to it while it is being imported, and taken back afterwards.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pluggy


class _PluginManager(pluggy.PluginManager):
    """Drops `implprefix`: hook implementations are marked, and were in pysipp all along."""

    def __init__(self, project_name: str, implprefix: str | None = None) -> None:
        super().__init__(project_name)


def _load_source(name: str, path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _lent_modules() -> dict[str, ModuleType]:
    imp, distutils, spawn = ModuleType("imp"), ModuleType("distutils"), ModuleType("distutils.spawn")
    imp.load_source = _load_source  # type: ignore[attr-defined]
    spawn.find_executable = shutil.which  # type: ignore[attr-defined]
    distutils.spawn = spawn  # type: ignore[attr-defined]
    return {"imp": imp, "distutils": distutils, "distutils.spawn": spawn}


@contextmanager
def _lent() -> Iterator[None]:
    modules = _lent_modules()
    before = {name: sys.modules.get(name) for name in modules}
    manager = pluggy.PluginManager
    sys.modules.update(modules)
    pluggy.PluginManager = _PluginManager  # type: ignore[misc]
    try:
        # Compiling it warns of `is` with a literal.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        pluggy.PluginManager = manager  # type: ignore[misc]
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def import_pysipp() -> ModuleType:
    """The module `pysipp`, ready to run."""
    if "pysipp" in sys.modules:
        return sys.modules["pysipp"]
    with _lent():
        pysipp = importlib.import_module("pysipp")
    logger = logging.getLogger("pysipp")
    logger.warn = logger.warning  # type: ignore[method-assign]  # it uses the name that is deprecated
    return pysipp
