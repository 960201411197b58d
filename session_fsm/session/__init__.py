"""Decisions: charts meet messages. Sans-IO; `now` is always given and dice are injected."""
