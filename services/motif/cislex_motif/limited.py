"""Start a program under limits: ``python -I -S limited.py AS=<bytes> CPU=<s> … -- <program> <arguments>``.

A program of its own because limits that are set between fork and exec in a process with threads can hang it. It becomes
the program: same process, same group. Imports nothing of cislex. Exit code 127: the program cannot be started.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys


def main(argv: list[str]) -> None:
    """Set the limits named, and become the program."""
    at = argv.index("--")
    for item in argv[:at]:
        name, value = item.split("=")
        # Not every system has every limit, and none lets a process raise its own.
        with contextlib.suppress(AttributeError, ValueError, OSError):
            _, hard = resource.getrlimit(number := getattr(resource, f"RLIMIT_{name}"))
            most = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
            resource.setrlimit(number, (most, most))
    for ignored in (signal.SIGXFSZ, signal.SIGPIPE):  # Python ignores them, and a program would inherit that
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execv(argv[at + 1], argv[at + 1 :])
    except OSError as error:
        sys.stderr.write(f"cannot be started: {error}\n")
        os._exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
