"""What a server finds when it looks at itself; served by ``servicer`` and shown by ``cislex doctor``."""
