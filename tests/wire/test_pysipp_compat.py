"""The compatibility module leaves no trace but a pysipp that works."""

from __future__ import annotations

import sys

import pluggy
from pysipp_compat import import_pysipp


def test_pysipp_imports():
    """Both of its doors are there."""
    pysipp = import_pysipp()

    assert callable(pysipp.client)
    assert callable(pysipp.server)


def test_what_was_lent_is_taken_back():
    """Nobody else sees the stand-ins, which are modules without a spec."""
    manager = pluggy.PluginManager

    import_pysipp()

    assert manager is pluggy.PluginManager
    lent = ("imp", "distutils", "distutils.spawn")
    assert [] == [name for name in lent if name in sys.modules and sys.modules[name].__spec__ is None]
