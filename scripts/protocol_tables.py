"""Print the tables of docs/protocol.md that follow from the code: states, and errors of the catalogue.

    python scripts/protocol_tables.py            print both
    python scripts/protocol_tables.py --write    put them between the marks in docs/protocol.md

A test fails when the document differs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from cislex_core.errors import Reason
from cislex_runtime import states
from cislex_runtime.calling.exit_codes import exit_code

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "protocol.md"


def states_table() -> str:
    """One row a state: which states may follow."""
    rows = [f"| {state} | {', '.join(states.STEPS[state]) or 'none: terminal'} |" for state in states.ALL]
    return "\n".join(["| state | may become |", "|---|---|", *rows])


def errors_table() -> str:
    """One row a reason: gRPC code, exit code of the command, meaning."""
    rows = [f"| {r.name} | {r.code.name} | {exit_code(r.code.value, r.name)} | {r.title} |" for r in Reason]
    return "\n".join(["| reason | gRPC code | exit code | meaning |", "|---|---|---|---|", *rows])


TABLES = {"states": states_table, "errors": errors_table}


def filled(text: str) -> str:
    """The document with its tables brought up to date."""
    for name, table in TABLES.items():
        pattern = rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)"
        text = re.sub(pattern, lambda m, table=table: f"{m[1]}{table()}\n{m[2]}", text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    if "--write" in sys.argv:
        DOCUMENT.write_text(filled(DOCUMENT.read_text()))
    else:
        print(states_table(), errors_table(), sep="\n\n")
