"""Programs that the bench runs as processes of their own. Each says `ready` with a port when it can be called."""
