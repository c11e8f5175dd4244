"""The ``cislex`` command: nouns and verbs are put together here; each noun's module loads nothing heavy."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from cislex_core.errors import UserError
from cislex_runtime.telemetry import tracing

from cislex_client import __version__, output, state
from cislex_client.commands import (
    artifact,
    context,
    dataset,
    demo,
    doctor,
    explain,
    genome,
    model,
    motif,
    op,
    run,
    server,
)
from cislex_client.exit_codes import DETACHED, CommandError

app = typer.Typer(
    name="cislex",
    help="Learn which DNA words tell two conditions apart, and show them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for noun in (run, genome, dataset, model, explain, motif, op, artifact, context, server):
    app.add_typer(noun.app)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)


@app.callback(invoke_without_command=True)
def root(
    context: Annotated[
        str, typer.Option("--context", help="Where to work: a name of `cislex context ls`.", envvar="CISLEX_CONTEXT")
    ] = "",
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """Options before the noun."""
    if version:
        typer.echo(f"cislex {__version__}")
        raise typer.Exit
    state.context_name = context or None


def run_command(argv: list[str] | None = None) -> int:
    """Run one command line; answers its exit code (``exit_codes``). Errors are written to stderr.

    Where ``OTEL_EXPORTER_OTLP_ENDPOINT`` asks for traces, the whole command is one span.
    """
    words = [word for word in (sys.argv[1:] if argv is None else argv) if word[:1].isalpha()][:2]
    try:
        tracing.start_client()
    except UserError as error:
        output.say(f"! {error}")
    span = tracing.begin(" ".join(["cislex", *words]))
    with tracing.inside(span):
        code = _run(argv)
    if span is not None:
        if code:
            tracing.fail(span, f"exit code {code}")
        span.end()
        tracing.stop()
    return code


def _run(argv: list[str] | None) -> int:
    state.reset(argv)
    try:
        app(args=argv, prog_name="cislex")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else (0 if end.code is None else 1)
    except BrokenPipeError:
        # The reader of stdout went away (`| head`): nothing more to say, and nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except CommandError as error:
        output.emit_error(error, state.form)
        return error.code
    except Exception as error:
        known = as_command_error(error)
        if known is None:
            raise
        output.emit_error(known, state.form)
        return known.code
    except KeyboardInterrupt:
        output.say("stopped")
        return DETACHED
    return 0


def as_command_error(error: Exception) -> CommandError | None:
    """An error of the catalogue that arose on this side (a file that core reads) as a CommandError; else None."""
    from cislex_core.errors import CislexError

    if not isinstance(error, CislexError):
        return None
    from cislex_runtime.calling.problem import RpcProblem

    from cislex_client.service_errors import from_problem

    return from_problem(RpcProblem.from_error(error))


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run_command())
