"""What a server finds when it looks at itself: each check when all is well and when it is not, and who is told what."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from cislex.ops.v1 import diagnostics_pb2, diagnostics_pb2_grpc
from cislex_core.settings import Settings
from cislex_core.stores.local import LocalStore
from cislex_runtime import devices
from cislex_runtime.diagnosis import computing, keeping, servicer, tenant
from cislex_runtime.diagnosis.finding import BAD, NOTE, OK, Finding, bad
from cislex_runtime.engines.engine import Capacity
from cislex_runtime.ledger import Ledger
from cislex_runtime.security.quotas import Quotas
from cislex_runtime.security.static_tokens import entry_text
from postgres import ledger_on
from running import ServerProcess, a_server

# store ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def test_a_store_that_works(store: LocalStore) -> None:
    found = keeping.check_store(store, "/the/place")
    assert found.state == OK
    assert "/the/place" in found.found
    assert "/the/place" not in found.public
    assert not [path for path in store.root.rglob("*") if path.is_file() and path.name != "lock"], "nothing is left"


def test_a_store_that_gives_other_bytes(store: LocalStore, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "other").write_text("other")
    monkeypatch.setattr(store, "open_file", lambda digest: tmp_path / "other")
    assert keeping.check_store(store, "x").state == BAD


def test_a_store_that_deletes_nothing(store: LocalStore, monkeypatch) -> None:
    monkeypatch.setattr(store, "delete", lambda digest: False)
    assert keeping.check_store(store, "x").state == NOTE


async def test_a_check_that_breaks_or_hangs_is_a_finding(monkeypatch) -> None:
    import time

    monkeypatch.setattr(servicer, "CHECK_TIMEOUT_S", 0.1)

    def breaks() -> Finding:
        raise OSError("/secret/place is gone\nmore")

    found = await servicer._all({"store": breaks, "gpu": lambda: time.sleep(0.5), "quota": lambda: None})
    assert found["store"] == bad("/secret/place is gone", "read the server's log", "does not work")
    assert "no answer within" in found["gpu"].found
    assert "quota" not in found


# ledger --------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with ledger_on(request.param, tmp_path, password="hunter2") as made:
        yield made


def test_a_ledger_that_works(ledger: Ledger, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(keeping, "SLOW_LEDGER_S", 60.0)
    found = keeping.check_ledger(ledger, tmp_path)
    assert found.state == OK, found
    assert ("SQLite 3." if ledger.is_sqlite else "PostgreSQL ") in found.public
    assert "hunter2" not in found.found
    assert str(tmp_path) not in found.public


def test_an_older_schema(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.engine.connect().execution_options(cislex_write=True) as connection, connection.begin():
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    found = keeping.check_ledger(ledger, tmp_path)
    assert (found.state, "0001" in found.found) == (BAD, True)
    assert "migrate" in found.remedy


def test_a_slow_ledger(ledger: Ledger, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(keeping, "SLOW_LEDGER_S", 0.0)
    assert keeping.check_ledger(ledger, tmp_path).state == NOTE


def test_a_database_whose_clock_is_wrong(ledger: Ledger, tmp_path: Path, monkeypatch) -> None:
    product, now = ledger.server()
    monkeypatch.setattr(ledger, "server", lambda: (product, now - 3600))
    assert "its clock is off by -36" in keeping.check_ledger(ledger, tmp_path).found


def test_sqlite_on_a_network_file_system(tmp_path: Path, monkeypatch) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.migrate()
    monkeypatch.setattr(keeping, "file_system", lambda path: "nfs4")
    found = keeping.check_ledger(ledger, tmp_path)
    assert found.state == BAD
    assert "PostgreSQL" in found.remedy
    ledger.close()


def test_a_ledger_that_cannot_be_written(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.migrate()
    with ledger.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = 1")
    with pytest.raises(Exception, match="readonly"):
        keeping.check_ledger(ledger, tmp_path)
    ledger.close()


MOUNTS = """/dev/sda / ext4 rw 0 0
srv:/x /data nfs4 rw 0 0
tmpfs /data/fast tmpfs rw 0 0
srv:/y /with\\040blank cifs rw 0 0
"""


@pytest.mark.parametrize(
    "path, kind",
    [("/home/me", "ext4"), ("/data/lab", "nfs4"), ("/data", "nfs4"), ("/data/fast/x", "tmpfs"), ("/database", "ext4"),
     ("/with blank/x", "cifs")],
)  # fmt: skip
def test_the_file_system_of_a_path(path: str, kind: str) -> None:
    assert keeping.file_system(Path(path), MOUNTS) == kind


# disk ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("free, state", [(1e9, BAD), (1e10, NOTE), (1e12, OK)])
def test_disks(tmp_path: Path, monkeypatch, free: float, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=int(free)))
    found = keeping.check_disk(Settings(home=tmp_path))
    assert found.state == state
    assert str(tmp_path) in found.found
    assert str(tmp_path) not in found.public
    assert (found.remedy != "") == (state != OK)


# what computes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "held, free, state, text",
    [
        (["motif", "encoder"], [], OK, "this process runs encoder, motif"),
        (["encoder"], [], OK, "this process runs encoder; another process runs motif"),
        ([], [], OK, "another process runs encoder, motif"),
        (["encoder"], ["motif"], BAD, "no process runs the operations of motif"),
    ],
)
def test_owners(held: list[str], free: list[str], state: str, text: str) -> None:
    found = computing.check_owner(held, free, ["encoder", "motif"])
    assert (found.state, found.found) == (state, text)


def an_engine(pids: list[int] | None = None, away: str = "", name: str = "local") -> Any:
    def check() -> None:
        if away:
            raise OSError(away)

    engine = SimpleNamespace(name=name, check=check, capacity=lambda: Capacity(1, 2))
    if pids is not None:
        engine.pids = lambda: pids
    return engine


def test_engines() -> None:
    assert computing.check_engine(an_engine([1, 2, 3]), True).found == (
        "local: 1 heavy and 2 light slots free, 3 workers alive"
    )
    assert computing.check_engine(an_engine([]), True).state == BAD
    assert computing.check_engine(an_engine([]), False).state == OK, "another process has the workers"
    away = computing.check_engine(an_engine(name="ray", away="http://head:8265 refuses"), True)
    assert (away.state, away.public) == (BAD, "ray does not answer")
    assert "CISLEX_RAY_ADDRESS" in away.remedy
    assert computing.check_engine(an_engine(name="ray"), True).state == OK


def a_program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch) -> Path:
    """An empty folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    computing.meme_version.cache_clear()
    return folder


def a_driver(folder: Path) -> None:
    a_program(
        folder, "nvidia-smi", 'case "$1" in *name*) echo "NVIDIA H200, 570.1, 143771 MiB, 12 MiB";; *) echo 0;; esac'
    )


def test_gpus(programs: Path, monkeypatch) -> None:
    monkeypatch.setattr(devices.os.path, "exists", lambda place: False)
    assert computing.check_gpu(False) == Finding(OK, "none: everything runs on the CPU")
    assert "other machines" in computing.check_gpu(True).found
    monkeypatch.setattr(devices.os.path, "exists", lambda place: True)
    assert computing.check_gpu(False).state == NOTE, "a device file without nvidia-smi"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert computing.check_gpu(False).state == OK, "hidden on purpose"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert computing.check_gpu(False).found.startswith("2 by CUDA_VISIBLE_DEVICES")
    a_driver(programs)
    monkeypatch.setattr(computing, "_version", lambda package: "2.13.0")
    found = computing.check_gpu(False)
    assert (found.state, found.found) == (OK, "NVIDIA H200, driver 570.1, 12 MiB of 143771 MiB used")
    monkeypatch.setattr(computing, "_version", lambda package: "2.13.0+cpu")
    assert computing.check_gpu(False).state == BAD


def installed(monkeypatch, **versions: str) -> None:
    monkeypatch.setattr(computing, "_version", lambda package: versions.get(package.replace("-", "_")))


def test_onnx(monkeypatch) -> None:
    installed(monkeypatch)
    assert computing.check_onnx(False, 0).state == BAD
    assert computing.check_onnx(True, 0).state == OK
    installed(monkeypatch, onnxruntime="1.31.1", onnxruntime_gpu="1.30.0")
    both = computing.check_onnx(False, 1)
    assert (both.state, both.found) == (
        BAD, "onnxruntime 1.31.1, onnxruntime-gpu 1.30.0: they overwrite each other's files",
    )  # fmt: skip
    installed(monkeypatch, onnxruntime="1.31.1")
    monkeypatch.setattr(computing, "onnx_providers", lambda: ("CPUExecutionProvider",))
    assert computing.check_onnx(False, 0) == Finding(OK, "onnxruntime 1.31.1: CPU")
    assert computing.check_onnx(False, 1).state == NOTE, "the GPU is not used"
    monkeypatch.setattr(computing, "onnx_providers", lambda: ("CUDAExecutionProvider", "CPUExecutionProvider"))
    assert computing.check_onnx(False, 1).state == OK
    monkeypatch.setattr(computing, "onnx_providers", lambda: None)
    assert computing.check_onnx(False, 0).state == BAD


def test_the_onnx_runtime_that_is_here() -> None:
    pytest.importorskip("onnxruntime")
    computing.onnx_providers.cache_clear()
    assert "CPUExecutionProvider" in (computing.onnx_providers() or ())


def test_meme_programs(programs: Path) -> None:
    assert computing.check_meme(False).state == OK
    assert "optional" in computing.check_meme(False).found
    for name in computing.MEME_PROGRAMS:
        a_program(programs, name, "echo 5.5.7")
    assert computing.check_meme(False).found == "meme 5.5.7, streme 5.5.7, tomtom 5.5.7, fimo 5.5.7, sea 5.5.7"
    computing.meme_version.cache_clear()
    a_program(programs, "streme", "exit 3")
    (programs / "sea").unlink()
    found = computing.check_meme(False)
    assert (found.state, "streme (broken)" in found.found) == (NOTE, True)


def test_programs_are_asked_without_our_secrets(programs: Path, monkeypatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "swordfish")
    monkeypatch.setenv("CISLEX_LEDGER_URL", "postgresql://u:hunter2@db/x")
    a_program(programs, "tell", 'echo "$AWS_SECRET_ACCESS_KEY$CISLEX_LEDGER_URL."')
    assert computing._output(str(programs / "tell")) == ".\n"


# quota ---------------------------------------------------------------------------------------------------------------


def test_quota(ledger: Ledger, tmp_path: Path) -> None:
    assert tenant.check_quota("lab", Quotas(None, ledger), ledger) is None
    file = tmp_path / "quotas.toml"
    file.write_text("[default]\nmax_running = 2\nmax_queued = 10\ngpu_seconds_per_day = 100\nmax_bytes = 1000000\n")
    quotas = Quotas(file, ledger)
    found = tenant.check_quota("lab", quotas, ledger)
    assert found == Finding(
        OK, "lab: running 0 of 2, waiting 0 of 10, GPU seconds today 0 of 100, stored 0 B of 1.0 MB"
    )  # fmt: skip
    ledger.add_file("lab", "a" * 64, 950_000)
    found = tenant.check_quota("lab", quotas, ledger)
    assert found is not None
    assert (found.state, "stored" in found.remedy) == (NOTE, True)


# over the wire -------------------------------------------------------------------------------------------------------


def ask(server: ServerProcess, token: str = "", parent: str = "") -> diagnostics_pb2.DiagnoseResponse:
    stub = diagnostics_pb2_grpc.DiagnosticsServiceStub(server.connection.channel)
    metadata = [("authorization", f"Bearer {token}")] if token else []
    return stub.Diagnose(diagnostics_pb2.DiagnoseRequest(parent=parent), timeout=30, metadata=metadata)


def test_everybody_is_told_what_is_harmless(short_dir: Path) -> None:
    tokens = {role: f"cislex_{role}" for role in ("reader", "admin")}
    file = short_dir / "tokens.toml"
    file.write_text("".join(entry_text(token, role, "lab", role, None) for role, token in tokens.items()))
    quotas = short_dir / "quotas.toml"
    quotas.write_text("[default]\nmax_running = 3\n")
    env = {"CISLEX_AUTH": "static", "CISLEX_AUTH_TOKENS_FILE": str(file), "CISLEX_QUOTAS_FILE": str(quotas)}
    with a_server(short_dir, **env) as server:
        whole, harmless = ask(server, tokens["admin"]), ask(server, tokens["reader"])
    names = ["store", "ledger", "owner", "engine", "gpu", "disk", "quota"]
    assert [check.name for check in whole.checks] == [check.name for check in harmless.checks] == names
    assert [check.state for check in whole.checks] == [check.state for check in harmless.checks]
    assert str(short_dir) in str(whole)
    assert str(short_dir) not in str(harmless)
    assert "sqlite:///" in str(whole)
    assert "sqlite:///" not in str(harmless)
    assert "lab: running 0 of 3" in harmless.checks[-1].found
    assert harmless.services == ["toy"]
    assert harmless.server_time.ToSeconds() > 1_700_000_000


def test_checks_are_not_run_for_every_question(short_dir: Path) -> None:
    with a_server(short_dir) as server:
        found = {ask(server).checks[0].found for _ in range(5)}
    assert len(found) == 1, "the milliseconds of one look"
