"""Programs of others are held: what they see, what they may use, what they are given, and how they end."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cislex_core.motif_files import parse_motifs, read_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import encode_batch
from cislex_motif import programs, tomtom_program
from cislex_motif.meme_suite import run_tool
from cislex_motif.specs import DiscoverMotifsSpec

Write = Callable[[str], str]
IS_LINUX = sys.platform.startswith("linux")


@pytest.fixture
def program(tmp_path: Path) -> Write:
    """Writes a Python program and answers its path."""

    def write(body: str) -> str:
        path = tmp_path / "program"
        path.write_text(f"#!{sys.executable}\nimport json, os, resource, sys, time\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return write


def test_a_program_sees_nothing_of_the_server(program: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CISLEX_LEDGER_URL", "postgresql://user:secret@db/x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/evil")
    monkeypatch.setenv("LD_PRELOAD", "")
    body = "print(json.dumps([dict(os.environ), os.getcwd(), sorted(os.listdir('.')), os.getsid(0) == os.getpid()]))"
    seen, where, files, leads = json.loads(programs.run([program(body)], tmp_path, 30).stdout)
    assert set(seen) - {"LC_CTYPE"} <= {
        *programs.PASSED_ON, "LANG", "LC_ALL", "TMPDIR", "HOME", "__CF_USER_TEXT_ENCODING",
    }  # fmt: skip
    assert "secret" not in json.dumps(seen)
    assert seen["TMPDIR"] == seen["HOME"] == where
    assert files == []
    assert leads, "a session of its own"
    assert not Path(where).exists(), "its folder goes with it"


def test_two_runs_share_no_folder(program: Write, tmp_path: Path) -> None:
    path = program("open('left', 'w'); print(os.getcwd())")
    assert programs.run([path], tmp_path, 30).stdout != programs.run([path], tmp_path, 30).stdout


def test_no_descriptor_of_the_server_is_inherited(program: Write, tmp_path: Path) -> None:
    with open(tmp_path / "secret", "w") as handle:
        os.set_inheritable(handle.fileno(), True)
        body = f"print(os.path.exists('/dev/fd/{handle.fileno()}'))"
        assert programs.run([program(body)], tmp_path, 30).stdout.strip() == "False"


@pytest.mark.skipif(not IS_LINUX, reason="limits of memory are Linux's")
def test_limits_hold(program: Write, tmp_path: Path, limit: Callable[[str, int], None]) -> None:
    limit("program_bytes", 1 << 30)
    limit("program_output_bytes", 1 << 20)
    names = ("AS", "CPU", "FSIZE", "CORE", "NOFILE")
    body = f"print(json.dumps([resource.getrlimit(getattr(resource, 'RLIMIT_' + n))[0] for n in {names}]))"
    assert json.loads(programs.run([program(body)], tmp_path, 9.5).stdout) == [1 << 30, 11, 1 << 20, 0, 256]
    with pytest.raises(programs.ProgramError, match="exit code 1") as caught:
        programs.run([program("bytearray(2 << 30)")], tmp_path, 30)
    assert "MemoryError" in caught.value.stderr
    endless = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nwhile True: print('x' * 65536)"
    with pytest.raises(programs.ProgramError, match="wrote more than 1,048,576 bytes"):
        programs.run([program(endless)], tmp_path, 30)


def test_children_die_with_the_program(program: Write, tmp_path: Path) -> None:
    """Of one that is stopped, and of one that ends and leaves them behind."""
    spawn = (
        "import subprocess\n"
        f"child = subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
    )
    with pytest.raises(programs.ProgramError, match="stopped after 3 s"):
        programs.run([program(spawn + "time.sleep(60)")], tmp_path, 3)
    _wait_gone(tmp_path / "pid")
    programs.run([program(spawn)], tmp_path, 30)
    _wait_gone(tmp_path / "pid")


def _wait_gone(pid_file: Path) -> None:
    pid = int(pid_file.read_text())
    pid_file.unlink()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] if IS_LINUX else ""
        except (ProcessLookupError, FileNotFoundError):
            return
        if state == "Z":  # dead; whoever is its parent by now has not asked yet
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} still runs")


@pytest.mark.parametrize("argument", ["a\x00b", "$(touch hacked)", "`touch hacked`", "; touch hacked", "-oc", "\n", ""])
def test_an_argument_is_only_an_argument(argument: str, program: Write, tmp_path: Path) -> None:
    path = program("print(json.dumps(sys.argv[1:]))")
    if "\x00" in argument:
        with pytest.raises(programs.ProgramError, match="cannot be started"):
            programs.run([path, argument], tmp_path, 30)
    else:
        assert json.loads(programs.run([path, argument], tmp_path, 30).stdout) == [argument]
    assert not list(tmp_path.rglob("hacked"))


def test_a_program_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(programs.ProgramError, match="cannot be started"):
        programs.run([str(tmp_path / "nothing")], tmp_path, 30)


def test_a_program_has_an_absolute_path(program: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")
    assert programs.find("program") == str(tmp_path / "program")


#: What a motif file of a stranger may call its motifs.
EVIL = [
    "-oc", "--oc=/etc", "/etc/passwd", "../../x", "$(touch${IFS}hacked)", "`touch`", "a;b", "a|b", "a&b", "a>b", "a'b",
    'a"b', "a\\b", "%s%n", "a\x07b", "a\x1b[2J", "\u202eabc", "é" * 50, "x" * 5000, "<svg/onload=1>", "q1", "t0",
]  # fmt: skip
TOMTOM = r"""
argv = sys.argv[1:]
if argv == ["-version"]:
    print("5.4.1")
    sys.exit()
texts = [open(path).read() for path in argv[-2:]]
names = [[line.split()[1:] for line in text.splitlines() if line.startswith("MOTIF")] for text in texts]
print("\t".join(["Query_ID", "Target_ID", "o", "p", "E", "q", "n", "Q", "T", "Orientation"]))
for query in names[0]:
    print("\t".join([query[0], names[1][0][0], "0", "0.5", "1", "1", "5", "A", "A", "+"]))
open(os.environ["SEEN"] if "SEEN" in os.environ else SEEN, "w").write(json.dumps([argv, names]))
"""


@pytest.mark.parametrize("end", ["", "\nMOTIF evil", "\x00evil", "\r", "\x85evil"])
def test_names_of_strangers_never_reach_tomtom(
    end: str, program: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.rename(program(f"SEEN = {str(tmp_path / 'seen')!r}\n{TOMTOM}"), tmp_path / "tomtom")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    motifs = [Motif(name + end, np.full((5, 4), 0.25), name=name) for name in EVIL]
    alignments, _ = tomtom_program.align_all(motifs, motifs[:3], "pearson", 1, tmp_path)
    assert alignments.pvalue.tolist() == [[0.5, 1.0, 1.0]] * len(EVIL)
    argv, (queries, targets) = json.loads((tmp_path / "seen").read_text())
    assert queries == [[f"q{i}"] for i in range(len(EVIL))]
    assert targets == [["t0"], ["t1"], ["t2"]]
    assert all(os.path.isabs(path) for path in argv[-2:])
    assert not list(tmp_path.rglob("hacked"))


@pytest.mark.parametrize("engine", ["meme", "streme"])
def test_sequences_reach_meme_under_names_of_ours_and_absolute_paths(
    engine: str, program: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = (
        "if len(sys.argv) == 2:\n    print('5.4.1')\n    sys.exit()\n"
        f"open({str(tmp_path / 'seen')!r}, 'w').write(json.dumps(sys.argv[1:]))\n"
        "print('MEME version 5.4.1\\nALPHABET= ACGT')"
    )
    os.rename(program(body), tmp_path / engine)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-oc").mkdir()
    spec = DiscoverMotifsSpec(dataset="x", engine=engine)  # type: ignore[arg-type]
    codes = encode_batch(["ACGTACGT"])
    assert run_tool(spec, codes, codes, Path("-oc")) == ([], "5.4.1")
    argv = json.loads((tmp_path / "seen").read_text())
    paths = [item for item in argv if item.endswith(".fa")]
    assert len(paths) == 2
    assert all(os.path.isabs(path) for path in paths)


@pytest.mark.parametrize("name", EVIL)
def test_evil_names_survive_as_names(name: str, tmp_path: Path) -> None:
    """What cislex writes of them is read back as one motif: no name becomes a line of its own."""
    from cislex_core.motif_files import write_motifs

    (motif,) = parse_motifs(f"MEME version 4\n\nMOTIF {name}\nletter-probability matrix: w= 1\n1 0 0 0\n")
    for file_format in ("meme", "jaspar", "homer", "transfac"):
        write_motifs(tmp_path / file_format, [motif], file_format)  # type: ignore[arg-type]
        (again,) = read_motifs(tmp_path / file_format, file_format)  # type: ignore[arg-type]
        assert again.width == 1
