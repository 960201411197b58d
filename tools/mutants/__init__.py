"""Changes every row of every shipped chart, one thing at a time, and asks who notices. `python -m tools.mutants`."""
