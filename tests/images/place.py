"""The four services as containers on this machine, restricted as docker/compose.yaml says, and a client beside them.

Instead of compose's own PostgreSQL and S3 images there are this machine's PostgreSQL (an empty database) and moto's S3
server; every container uses the machine's network, each service on ports of its own.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sandbox import LIMITS, Sandbox

REPO = Path(__file__).resolve().parents[2]
SERVICES = ("encoder", "trainer", "explainer", "motif")
UID = 10001


def compose() -> dict[str, Any]:
    """docker/compose.yaml with each variable at its default."""
    text = (REPO / "docker/compose.yaml").read_text()
    return dict(yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)))


def restrictions(service: Mapping[str, Any]) -> list[str]:
    """What compose asks for a container, as podman's options (cpus: left to the machine)."""
    options = ["--user", service["user"], *LIMITS, "--pids-limit", str(service["pids_limit"])]
    options += ["--read-only"] * service["read_only"] + ["--init"] * service["init"]
    options += [f"--cap-drop={name}" for name in service["cap_drop"]]
    options += [f"--security-opt={text.partition(':')[0]}" for text in service["security_opt"]]
    options += [f"--tmpfs={text}" for text in service["tmpfs"]]
    return [*options, f"--shm-size={service['shm_size']}", f"--memory={service['mem_limit']}"]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Container:
    """One running service."""

    name: str
    sandbox: Sandbox
    port: int
    health_port: int
    started_in_s: float = 0.0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A program inside."""
        return self.sandbox.podman("exec", self.name, *command, check=check)

    def serving(self, service: str = "ready") -> bool:
        """What the probe says, asked from this machine at the health port."""
        command = [
            sys.executable,
            "-m",
            "cislex_runtime.calling.probe",
            f"127.0.0.1:{self.health_port}",
            "--service",
            service,
        ]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def wait(self, timeout_s: float = 180) -> None:
        """Until it is ready. RuntimeError with its log when it ends or takes too long."""
        deadline = time.monotonic() + timeout_s
        while not self.serving():
            if not self.state["Running"] or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} is not ready: {self.log()}")
            time.sleep(0.1)

    @property
    def state(self) -> dict[str, Any]:
        """podman's ``State``: Running, ExitCode, OOMKilled, …"""
        return dict(json.loads(self.sandbox.podman("inspect", self.name).stdout)[0]["State"])

    def log(self) -> str:
        """What it wrote."""
        done = self.sandbox.podman("logs", self.name)
        return (done.stdout + done.stderr)[-4000:]

    def stop(self, grace_s: int) -> float:
        """SIGTERM, SIGKILL after the grace; answers the seconds it took."""
        started = time.monotonic()
        self.sandbox.podman("stop", "--time", str(grace_s), self.name)
        return time.monotonic() - started


@dataclass
class Place:
    """Where the services find each other: database, bucket, folders under ``root``."""

    sandbox: Sandbox
    root: Path
    version: str
    settings: dict[str, str]
    containers: dict[str, Container] = field(default_factory=dict)

    def folder(self, name: str) -> Path:
        """A folder that containers may write."""
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, UID, UID)
        return path

    def start(self, service: str, name: str = "", **changed: str) -> Container:
        """Start a service and wait until it is ready; ``changed`` replaces keys of compose (``mem_limit``)."""
        name = name or service
        known = self.containers.get(name)
        container = known or Container(f"{self.root.name}-{name}", self.sandbox, free_port(), free_port())
        settings = {
            **self.settings, "CISLEX_HEALTH_LISTEN": f"127.0.0.1:{container.health_port}", "CISLEX_METRICS_LISTEN": "",
        }  # fmt: skip
        image = f"localhost/cislex-{service}:{self.version}-cpu"
        begun = time.monotonic()
        self.sandbox.podman(
            "run", "--detach", "--replace", "--name", container.name, "--network=host",
            *restrictions({**compose()["services"][service], **changed}),
            *(f"--env={key}={value}" for key, value in settings.items()),
            "--volume", f"{self.folder(name)}:/var/lib/cislex", "--volume", f"{self.folder('shared')}:/srv/cislex",
            image, "--listen", container.address,
        )  # fmt: skip
        self.containers[name] = container
        container.wait()
        container.started_in_s = time.monotonic() - begun
        return container

    def client(self, *arguments: str, timeout_s: float = 1800) -> subprocess.CompletedProcess[str]:
        """``cislex …`` in a container of its own that sees only the folder ``work`` (as /work)."""
        self._write_context()
        service = {**compose()["services"]["encoder"], "mem_limit": "4g"}
        return self.sandbox.podman(
            "run", "--rm", "--network=host", *restrictions(service), "--env=CISLEX_CONFIG=/work/config.toml",
            "--env=CISLEX_CONTEXT=place", "--workdir=/work", "--volume", f"{self.folder('work')}:/work",
            f"localhost/cislex-client:{self.version}-cpu", *arguments, check=False, timeout_s=timeout_s,
        )  # fmt: skip

    def _write_context(self) -> None:
        inner = ", ".join(f'{name} = "grpc://{self.containers[name].address}"' for name in SERVICES)
        text = f'current = "place"\n\n[contexts.place]\nservices = {{ {inner} }}\n'
        (self.folder("work") / "config.toml").write_text(text)

    def close(self) -> None:
        """Remove every container of this place."""
        for container in self.containers.values():
            self.sandbox.podman("rm", "--force", "--time", "0", container.name, check=False)
