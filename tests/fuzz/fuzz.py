"""Fuzz a reader with atheris: ``python tests/fuzz/fuzz.py bed csv --seconds 600``. One process per format, in turn.

Starts from ``corpus/<format>``, guided by the coverage of cislex's own code. What goes wrong is kept in
``<out>/<format>/findings`` and the run goes on; ``<out>/<format>/figures.json`` counts executions. Exit code 1 when
anything was found. A finding belongs, small, into ``corpus/<format>``, where the tests replay it for ever.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAX_INPUT_BYTES = 16_384
FIGURES_EVERY_S = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", help="default: all")
    parser.add_argument("--seconds", type=float, default=600, help="for each format")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "cislex-fuzz")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        _fuzz_one(given.one, given.seconds, given.out / given.one)
    sys.path.insert(0, str(HERE))
    from targets import TARGETS

    unknown = sorted(set(given.formats) - set(TARGETS))
    if unknown:
        parser.error(f"no format {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    return max([_supervise(name, given.seconds, given.out) for name in given.formats or TARGETS], default=0)


def _supervise(name: str, seconds: float, out: Path) -> int:
    """Fuzz one format for so long, starting again should the process die of what it read."""
    folder = out / name
    (folder / "findings").mkdir(parents=True, exist_ok=True)
    (folder / "corpus").mkdir(exist_ok=True)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 1:
        command = [sys.executable, __file__, "--one", name, "--seconds", str(left), "--out", str(out)]
        with open(folder / "log.txt", "ab") as log:
            status = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
        if status == 0:
            break
        time.sleep(1)
    figures = [json.loads(path.read_text()) for path in sorted(folder.glob("figures-*.json"))]
    found = sorted(path.name for path in (folder / "findings").iterdir() if path.suffix != ".txt")
    total = {
        "format": name,
        "seconds": round(sum(item["seconds"] for item in figures)),
        "executions": sum(item["executions"] for item in figures),
        "processes": len(figures),
        "findings": found,
    }
    (folder / "figures.json").write_text(json.dumps(total, indent=2) + "\n")
    print(json.dumps(total), flush=True)
    return int(bool(found))


def _fuzz_one(name: str, seconds: float, folder: Path) -> None:
    import atheris

    sys.path.insert(0, str(HERE))
    with atheris.instrument_imports(include=["cislex_core", "cislex_encoder", "cislex_motif", "cislex_models"]):
        from oracle import outcome
        from targets import TARGETS

        target = TARGETS[name]
    started = written = time.monotonic()
    figures = folder / f"figures-{time.time_ns()}.json"
    executions = 0
    work = tempfile.TemporaryDirectory(prefix=f"cislex-fuzz-{name}-")

    def one_input(data: bytes) -> None:
        nonlocal executions, written
        finding = outcome(target, data, Path(work.name))
        executions += 1
        if finding is not None:
            file = folder / "findings" / finding.key
            if not file.exists() or file.stat().st_size > len(data):
                file.write_bytes(data)
                file.with_name(f"{finding.key}.txt").write_text(finding.text)
        now = time.monotonic()
        if now - written > FIGURES_EVERY_S or executions == 1:
            written = now
            figures.write_text(json.dumps({"seconds": now - started, "executions": executions}))

    digest = int(hashlib.sha256(f"{name}{time.time_ns()}".encode()).hexdigest()[:7], 16)
    options = [
        sys.argv[0],
        str(folder / "corpus"),
        str(HERE / "corpus" / name),
        f"-max_total_time={max(1, int(seconds))}",
        f"-max_len={MAX_INPUT_BYTES}",
        "-timeout=120",
        "-rss_limit_mb=4096",
        f"-seed={digest}",
        f"-artifact_prefix={folder}/findings/",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    atheris.Setup(options, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    raise SystemExit(main())
