"""The world: asyncio, sockets, the clock and the dice. Decides nothing; it carries what `session` decides."""
