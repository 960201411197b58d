"""Long runs: loss, endurance and mutated datagrams, with figures. `make soak`; tests/soak plays the short forms."""
