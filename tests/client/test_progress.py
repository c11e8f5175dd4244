"""What is said while something runs: one line a change without a terminal, a live table with one."""

from __future__ import annotations

import io

import pytest
from cislex_client.operations import OperationView
from cislex_client.progress import Display
from rich.console import Console


def view(**changes) -> OperationView:
    """A running operation."""
    facts = {"name": "op", "done": False, "state": "running", "done_share": 0.25, "eta_s": 90.0, "text": "[red]x[/red]"}
    return OperationView(**{**facts, **changes})


def test_one_line_a_change_on_a_pipe(capsys):
    with Display() as display:
        display.add("train", "train 5 models")
        for share in (0.1, 0.2, 0.3):
            display.operation("train", view(done_share=share))
        display.operation("train", view(warnings=(("SLOW", "the [disk] is slow"),)))
        display.operation("train", view(warnings=(("SLOW", "the [disk] is slow"),)))
        display.finish("train", "succeeded", "from the cache")
        display.add("other", "compare")
        display.finish("other", "skipped", "needs train")
    assert capsys.readouterr().err.splitlines() == [
        "▸ train 5 models …",
        "! train 5 models: the [disk] is slow (SLOW)",
        "✓ train 5 models  (from the cache)",
    ]


def test_a_live_table_shows_share_and_time_left():
    display = Display(live=True)
    stream = io.StringIO()
    display._console = Console(file=stream, force_terminal=True, width=120, highlight=False)
    display.add("train", "train 5 models")
    display.add("next", "judge")
    with display:
        display.operation("train", view())
        Console(file=stream, width=120).print(display._render())
    text = stream.getvalue()
    assert "25 %" in text
    assert "1 min 30 s left" in text
    assert "[red]x[/red]" in text, "what a task says is not markup"
    assert "judge" in text


@pytest.mark.parametrize("status, mark", [("failed", "✗"), ("cancelled", "■")])
def test_ends_have_their_marks(capsys, status, mark):
    display = Display()
    display.add("a", "step")
    display.finish("a", status, "WHY")
    assert capsys.readouterr().err == f"{mark} step  (WHY)\n"


def test_quiet_says_nothing(capsys):
    with Display(quiet=True) as display:
        display.add("a", "step")
        display.operation("a", view())
        display.finish("a", "succeeded")
    assert capsys.readouterr().err == ""
