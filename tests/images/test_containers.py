"""Images built and run for real: ``make test-images`` as root, with buildah, podman, runc and debootstrap.

The checkout's last commit is built. Images, containers and their storage live in ``CISLEX_IMAGES_DIR`` (a folder on a
disk with 20 GB free; default: a temporary one) and are removed at the end. With CISLEX_IMAGES_KEEP=1 they stay, and
images that are there are not built again. Sizes and times are printed (``-s``) for docs/deploy.md.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cislex_client.demo import write_planted
from place import REPO, SERVICES, UID, Container, Place, compose
from postgres import fresh_database
from s3_server import KEYS, S3Server, s3_server
from sandbox import PROGRAMS, Sandbox

__all__ = ["s3_server"]
pytestmark = [pytest.mark.images, pytest.mark.timeout(7200)]
IMAGES = ("encoder", "trainer", "explainer", "motif", "client", "worker")
PYTHON = "/opt/cislex/bin/python"
GRACE_S = int(str(compose()["services"]["trainer"]["stop_grace_period"]).rstrip("s"))


def _version() -> str:
    spec = importlib.util.spec_from_file_location("docker_build", REPO / "docker/build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.version())


@pytest.fixture(scope="module")
def figures() -> Iterator[dict[str, Any]]:
    """What was measured; printed at the end."""
    measured: dict[str, Any] = {}
    yield measured
    print(json.dumps(measured, indent=2))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if os.getuid() != 0:
        pytest.skip("images are built as root")
    given = os.environ.get("CISLEX_IMAGES_DIR")
    place = Sandbox(Path(given).absolute() if given else tmp_path_factory.mktemp("images"))
    place.prepare()
    yield place
    place.podman("rm", "--all", "--force", "--time", "0", check=False)
    if not os.environ.get("CISLEX_IMAGES_KEEP"):
        place.podman("rmi", "--all", "--force", check=False)
        shutil.rmtree(place.root, ignore_errors=True)


@pytest.fixture(scope="module")
def version(sandbox: Sandbox, figures: dict[str, Any]) -> str:
    """The version whose images are built now, from the last commit."""
    built = _version()
    kept = all(sandbox.podman("image", "exists", _image(name, built), check=False).returncode == 0 for name in IMAGES)
    if not (kept and os.environ.get("CISLEX_IMAGES_KEEP")):
        _build(sandbox, figures)
    figures["size_mb"] = {name: round(sandbox.size_bytes(_image(name, built)) / 1e6) for name in IMAGES}
    return built


def _build(sandbox: Sandbox, figures: dict[str, Any]) -> None:
    sandbox.make_base()
    source = sandbox.root / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    archive = subprocess.run(["git", "-C", str(REPO), "archive", "HEAD"], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(source)], input=archive, check=True)
    figures["build_s"] = round(sandbox.build(source, list(IMAGES), "cpu", "--build-arg", "TORCH_INDEX=none"))


def _image(name: str, version: str) -> str:
    return f"localhost/cislex-{name}:{version}-cpu"


def _inside(sandbox: Sandbox, image: str, code: str) -> str:
    """Python in a container of an image, on a read-only root without network."""
    done = sandbox.podman(
        "run", "--rm", "--read-only", "--network=none", "--ulimit", "nproc=4096:4096", "--ulimit", "nofile=4096:4096",
        f"--entrypoint={PYTHON}", image, "-c", code,
    )  # fmt: skip
    return done.stdout.strip()


# ---- what is in an image ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_non_root_and_holds_no_compiler_and_no_secret(sandbox: Sandbox, version: str, name: str) -> None:
    code = (
        "import os, shutil; from pathlib import Path; print(os.getuid(), os.getgid(), "
        "[p for p in ('gcc', 'cc', 'g++', 'c++', 'make', 'curl', 'git') if shutil.which(p)], "
        "[str(p) for p in map(Path, ('/etc/pip.conf', '/run/secrets/pip-ca', '/src', '/wheels')) if p.exists()], "
        "[str(p) for p in Path('/opt/cislex/needs').iterdir() if '127.0.0.1' in p.read_text()], "
        "os.access('/opt/cislex', os.W_OK))"
    )
    assert _inside(sandbox, _image(name, version), code) == f"{UID} {UID} [] [] [] False"
    described = json.loads(sandbox.podman("image", "inspect", _image(name, version)).stdout)[0]
    labels = described["Labels"]
    assert labels["org.opencontainers.image.title"] == f"cislex-{name}"
    assert labels["org.opencontainers.image.version"] == f"{version}-cpu"
    assert not [line for line in described["Config"]["Env"] if "PIP_" in line]
    served = name in SERVICES
    assert ("Healthcheck" in described) == served
    assert (described["Config"].get("StopSignal") == "SIGTERM") == (name != "client")


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_holds_what_it_needs_and_not_more(sandbox: Sandbox, version: str, name: str) -> None:
    code = (
        "from importlib.util import find_spec; from importlib.metadata import distributions, version\n"
        "names = {d.metadata['Name'].lower().replace('_', '-') for d in distributions()}\n"
        "print(sorted(n for n in names if n.startswith('cislex-')))\n"
        "some = ('torch', 'ray', 'psycopg', 'onnxruntime', 'onnxruntime-gpu', 'numba')\n"
        "print(sorted(n for n in some if n in names))\n"
        "print(version('torch') if 'torch' in names else '')"
    )
    ours, others, torch = _inside(sandbox, _image(name, version), code).splitlines() + [""] * (
        name in ("client", "encoder")
    )
    tasks = {"client": ["client"], "worker": list(SERVICES)}.get(name, [name])
    models = ["models"] * (name in ("trainer", "explainer", "worker"))
    assert ours == str(sorted(f"cislex-{part}" for part in ["core", "protos", "runtime", *models, *tasks]))
    expected = {
        "client": [], "encoder": ["psycopg", "ray"], "motif": ["numba", "psycopg", "ray", "torch"],
        "trainer": ["onnxruntime", "psycopg", "ray", "torch"],
    }  # fmt: skip
    assert others == str(expected.get(name, ["numba", "onnxruntime", "psycopg", "ray", "torch"]))
    assert torch == "" or torch.endswith("+cpu")


@pytest.mark.parametrize("name", ["motif", "worker"])
def test_numba_reads_the_code_of_the_build(sandbox: Sandbox, version: str, name: str) -> None:
    code = (
        "from cislex_motif import numba_cache; numba_cache.warm(); from cislex_motif import tomtom_kernels as k\n"
        "stats = [f.stats for f in vars(k).values() if hasattr(f, 'stats')]\n"
        "print(sum(sum(s.cache_hits.values()) for s in stats) > 0, sum(sum(s.cache_misses.values()) for s in stats))"
    )
    assert _inside(sandbox, _image(name, version), code) == "True 0"


@pytest.mark.parametrize("name", ["explainer", "worker"])
def test_numba_reads_umap_s_code_of_the_build(sandbox: Sandbox, version: str, name: str) -> None:
    """The projection of units, on another table than the build's: what umap lets numba keep is read, not compiled."""
    code = (
        "import sys; import numpy as np; from numba.core.dispatcher import Dispatcher\n"
        "from cislex_explainer import projection\n"
        "values = np.random.default_rng(1).normal(size=(150, 8)).astype(np.float32)\n"
        "assert projection.umap(values, 15, 0.1, 'euclidean', 0).shape == (150, 2)\n"
        "modules = [m for n, m in sys.modules.items() if n.partition('.')[0] in ('umap', 'pynndescent')]\n"
        "found = {id(f): f for m in modules for f in vars(m).values() if isinstance(f, Dispatcher)}\n"
        "kept = {f.__qualname__: f.stats for f in found.values() if f.stats.cache_path}\n"
        "print(sum(sum(s.cache_hits.values()) for s in kept.values()) > 0, "
        "sorted(n for n, s in kept.items() if s.cache_misses))"
    )
    assert _inside(sandbox, _image(name, version), code) == "True []"


def test_the_worker_finds_the_tasks_of_all_services(sandbox: Sandbox, version: str) -> None:
    code = (
        "from importlib.metadata import entry_points\n"
        "print(sorted(e.name for e in entry_points(group='cislex.tasks') if e.load()))"
    )
    assert _inside(sandbox, _image("worker", version), code) == str(sorted(SERVICES))


def test_the_meme_target_copies_the_programs_of_the_image_given(sandbox: Sandbox, version: str) -> None:
    """With a stand-in: that the real programs run is up to the image that a site has."""
    folder = sandbox.root / "meme"
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    for program in ("meme", "streme", "tomtom", "fimo", "sea", "other"):
        (folder / "bin" / program).write_text("#!/bin/sh\nexit 0\n")
        (folder / "bin" / program).chmod(0o755)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY bin /opt/meme/bin\n")
    build = ["buildah", "bud", "--isolation=chroot", "--network=host", "--pull-never", "--format=docker"]
    assert sandbox.call(*build, "--tag", "localhost/some-meme:1", str(folder)).returncode == 0
    sandbox.build(
        sandbox.root / "source", ["meme"], "cpu", "--build-arg", "TORCH_INDEX=none", "--build-arg",
        "MEME_IMAGE=localhost/some-meme:1",
    )  # fmt: skip
    code = "import os, shutil; print(os.getuid(), [shutil.which(p) for p in ('tomtom', 'sea', 'other')])"
    assert (
        _inside(sandbox, _image("meme", version), code) == f"{UID} ['/opt/meme/bin/tomtom', '/opt/meme/bin/sea', None]"
    )


# ---- the four services -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(
    sandbox: Sandbox,
    version: str,
    s3_server: S3Server,
    figures: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Place]:
    """All four running: PostgreSQL as ledger, S3 as store (CISLEX_IMAGES_STORE=folder: a shared folder)."""
    if os.environ.get("CISLEX_IMAGES_STORE") == "folder":
        store = {"CISLEX_STORE_DIR": "/srv/cislex/store"}
    else:
        url = s3_server.url(s3_server.bucket())
        store = {**KEYS, "CISLEX_STORE_URL": url, "CISLEX_STORE_ENDPOINT": s3_server.endpoint}
    with fresh_database() as database:
        settings = {"CISLEX_LEDGER_URL": database.render_as_string(hide_password=False), **store}
        site = Place(sandbox, tmp_path_factory.mktemp("place"), version, settings)
        try:
            for service in SERVICES:
                site.start(service)
            figures["first_start_s"] = {name: round(c.started_in_s, 1) for name, c in site.containers.items()}
            yield site
        finally:
            site.close()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_restricted_and_healthy(place: Place, sandbox: Sandbox, service: str) -> None:
    container = place.containers[service]
    code = (
        "import os, pathlib\n"
        "def writes(where):\n"
        "    try:\n"
        "        (pathlib.Path(where) / 'probe').write_text('x')\n"
        "    except OSError as error:\n"
        "        return error.errno\n"
        "    return 0\n"
        "status = dict(l.split(':\\t', 1) for l in open('/proc/1/status').read().splitlines() if ':\\t' in l)\n"
        "print(os.getuid(), [writes(p) for p in ('/', '/opt/cislex', '/etc', '/tmp', '/var/lib/cislex')], "
        "int(status['CapEff'], 16), int(status['CapBnd'], 16), status['NoNewPrivs'])"
    )
    erofs = 30
    assert container.run(PYTHON, "-c", code).stdout.split("\n")[0] == f"{UID} {[erofs] * 3 + [0, 0]} 0 0 1"
    assert container.serving("")
    assert container.serving("ready")
    assert not container.serving("nonsense")
    # the HEALTHCHECK of the image itself; as an engine does, it is asked up to three times
    assert any(sandbox.podman("healthcheck", "run", container.name, check=False).returncode == 0 for _ in range(3))


@pytest.fixture(scope="module")
def simulation(place: Place) -> Path:
    """The demo's input as files in the client's folder: two peak sets and a genome."""
    done = place.client("dataset", "simulate", "--window", "200", "--seed", "1", "-o", "json")
    assert done.returncode == 0, done.stderr
    digest = json.loads(done.stdout)["artifact"]["sha256"]
    done = place.client("artifact", "pull", digest, "--out", "simulated")
    assert done.returncode == 0, done.stderr
    return place.root / "work" / "simulated"


def test_the_demo_s_analysis_runs_over_tcp(place: Place, simulation: Path, figures: dict[str, Any]) -> None:
    started = time.monotonic()
    done = place.client(
        "run", "wtko", "--wt", "simulated/wt.bed", "--ko", "simulated/ko.bed", "--genome", "simulated/genome.fa",
        "--window", "200", "--seeds", "2", "--epochs", "10", "--patience", "3", "--out", "result",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    figures["run_wtko_s"] = round(time.monotonic() - started)
    result = place.root / "work" / "result"
    assert (result / "report.html").stat().st_size > 100_000
    scores = write_planted(result, simulation)
    figures["planted_recovered"] = f"{scores['n_recovered']} of {scores['n_planted']}"
    assert scores["n_recovered"] >= 2
    # four services worked on it, each in its own container
    rows = json.loads(place.client("op", "ls", "-o", "json").stdout)
    tasks = {row["metadata"]["task"] for row in rows if row["state"] == "succeeded"}
    assert {task.partition(".")[0] for task in tasks} == set(SERVICES)


def test_sigterm_drains_and_the_operation_goes_on(place: Place, simulation: Path, figures: dict[str, Any]) -> None:
    operation = _train(place, "--seeds", "911,912", "--epochs", "500", "--patience", "500")
    _until(place, operation, lambda state: bool(state["metadata"].get("metrics")))
    trainer = place.containers["trainer"]
    took = trainer.stop(GRACE_S)
    state = trainer.state
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
    assert took < GRACE_S
    figures["sigterm_exit_s"] = round(took, 1)
    assert _get(place, operation)["state"] in ("queued", "waiting_for_resources", "running", "initializing")
    place.start("trainer")
    figures["second_start_s"] = round(trainer.started_in_s, 1)
    _until(place, operation, lambda state: state["state"] == "running" and state["metadata"]["attempt"] == 2)
    assert place.client("op", "cancel", operation).returncode in (0, 6)
    assert _get(place, operation)["state"] == "cancelled"


def test_a_container_over_its_memory_limit_ends_its_operation_typed(
    place: Place, simulation: Path, figures: dict[str, Any]
) -> None:
    place.containers["trainer"].stop(GRACE_S)
    limit = 600 << 20
    small = place.start("trainer", mem_limit=str(limit))
    operation = _train(place, "--seeds", "913,914", "--batch-size", "65536")
    ended = _until(place, operation, lambda state: bool(state["done"]))
    assert ended["state"] == "failed"
    assert ended["error"]["reason"] in ("OUT_OF_MEMORY", "WORKER_LOST")
    figures["over_the_memory_limit"] = ended["error"]
    peak = int(_cgroup(small, "memory.max_usage_in_bytes"))
    assert limit * 0.95 < peak <= limit
    # the server itself lives on
    assert small.state["Running"]
    assert small.serving("ready")
    small.stop(GRACE_S)
    place.start("trainer")


def _train(place: Place, *options: str) -> str:
    """Submit a training on the newest dataset; answers the operation's name."""
    rows = json.loads(place.client("dataset", "ls", "-o", "json").stdout)
    done = place.client("model", "train", "--dataset", rows[0]["name"], *options, "--no-wait", "-o", "name")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _get(place: Place, operation: str) -> dict[str, Any]:
    done = place.client("op", "get", operation, "-o", "json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def _until(place: Place, operation: str, reached: Any, timeout_s: float = 300) -> dict[str, Any]:
    deadline = time.monotonic() + timeout_s
    while not reached(state := _get(place, operation)):
        assert time.monotonic() < deadline, state
        time.sleep(0.5)
    return state


def _cgroup(container: Container, name: str) -> str:
    """A figure of the container's memory group, as the kernel keeps it."""
    pid = container.state["Pid"]
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    path = next(line.split(":", 2)[2] for line in lines if line.split(":")[1] == "memory")
    return Path(f"/sys/fs/cgroup/memory{path}/{name}").read_text().strip()
