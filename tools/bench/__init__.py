"""What a call, a frame, an event and a message cost, beside others: `python -m tools.bench`, or `make bench`."""
