"""Where attempts run: the port, this machine's warm workers, and systems that run one process per attempt."""
