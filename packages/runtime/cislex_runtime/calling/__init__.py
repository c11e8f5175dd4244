"""The caller's half: channels, the client of every service, and bytes to and from a server's store."""
