"""Where images are built and run without a container service: buildah and podman with a storage of their own.

What a registry would give is made here: the base image is a Debian of the archive (debootstrap), tagged with the name
in the Dockerfile's FROM. Python packages come from where this machine's pip gets them: its configuration is read, and
given to the build as the secrets that the Dockerfile knows, never written into an image. Folders of packages that pip
knows as ``file://`` are served on 127.0.0.1 while a build runs.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

BASE = "docker.io/library/python:3.11-slim-bookworm"
#: Beyond what containers need; the storage is under the same folder.
PROGRAMS = ("buildah", "podman", "runc", "debootstrap")
LIMITS = ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Sandbox:
    """A storage of images and containers under ``root``."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """For buildah and podman: their storage and temporary files are under ``root``."""
        return {
            **os.environ,
            "CONTAINERS_STORAGE_CONF": str(self.root / "storage.conf"),
            "TMPDIR": str(self.root / "tmp"),
        }

    def prepare(self) -> None:
        """Make the folders and the storage's configuration."""
        (self.root / "tmp").mkdir(parents=True, exist_ok=True)
        (self.root / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{self.root}/storage"\nrunroot = "{self.root}/run"\n'
        )

    def call(self, *command: str, timeout_s: float = 3600, **options: object) -> subprocess.CompletedProcess[str]:
        """Run a program with this storage."""
        # conmon leaves a file "oom" where it was started.
        return subprocess.run(
            command, env=self.environment, cwd=self.root, capture_output=True, text=True, timeout=timeout_s,
            check=False, **options,
        )  # type: ignore[call-overload,no-any-return]  # fmt: skip

    def podman(self, *arguments: str, check: bool = True, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
        """podman; RuntimeError with what it said when it fails."""
        done = self.call("podman", "--runtime", "runc", "--cgroup-manager=cgroupfs", *arguments, timeout_s=timeout_s)
        if check and done.returncode != 0:
            raise RuntimeError(f"podman {' '.join(arguments)}: {done.stderr[-2000:]}")
        return done

    def make_base(self) -> None:
        """Import a minimal Debian with Python under the name of the Dockerfile's base, unless it is there."""
        if self.podman("image", "exists", BASE, check=False).returncode == 0:
            return
        folder = self.root / "base"
        shutil.rmtree(folder, ignore_errors=True)
        done = self.call(
            "debootstrap",
            "--variant=minbase",
            "--include=ca-certificates,python3,python3-venv",
            "bookworm",
            str(folder),
        )
        if done.returncode != 0:
            raise RuntimeError(f"debootstrap: {done.stdout[-2000:]}")
        for left in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"):
            shutil.rmtree(folder / left, ignore_errors=True)
        archive = self.root / "base.tar"
        self.call("tar", "-C", str(folder), "-cf", str(archive), ".")
        self.podman("import", str(archive), BASE)
        archive.unlink()
        shutil.rmtree(folder)

    @contextlib.contextmanager
    def package_index(self, with_links: bool = True) -> Iterator[list[str]]:
        """Options of a build that let its pip find packages as this machine's pip does."""
        settings = pip_settings()
        if not with_links:  # a folder of CPU wheels would win over the CUDA builds of an index
            settings.pop("find-links", None)
        secrets = []
        if certificate := settings.get("cert"):
            secrets += ["--secret", f"id=pip-ca,src={certificate}"]
            settings["cert"] = "/run/secrets/pip-ca"
        with contextlib.ExitStack() as stack:
            for name in ("index-url", "extra-index-url", "find-links"):
                if name in settings:
                    above = name != "find-links"  # pages of an index point at ../../files
                    places = [stack.enter_context(_served(place, above)) for place in settings[name].split()]
                    settings[name] = "\n    ".join(places)
            file = self.root / "pip.conf"
            file.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in sorted(settings.items())))
            yield [*secrets, "--secret", f"id=pip-conf,src={file}"]

    def build(self, source: Path, targets: list[str], variant: str = "cpu", *options: str) -> float:
        """Build images from a checkout with docker/build.py; answers the seconds. RuntimeError with the log's end."""
        started = time.monotonic()
        log = self.root / f"build-{variant}.log"
        with self.package_index(with_links=variant == "cpu") as index, log.open("w") as out:
            done = subprocess.run(
                [sys.executable, str(source / "docker/build.py"), "--engine", "buildah", "--variant", variant, *targets,
                 "--", "--isolation=chroot", "--network=host", "--pull-never", *index, *options],
                env=self.environment, stdout=out, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"the build failed: {log.read_text()[-4000:]}")
        return time.monotonic() - started

    def size_bytes(self, image: str) -> int:
        """Bytes of an image, all layers, uncompressed."""
        return int(json.loads(self.podman("image", "inspect", image).stdout)[0]["Size"])


def pip_settings() -> dict[str, str]:
    """Options of this machine's pip (files and PIP_*), as a pip.conf names them; a later place wins as for pip."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True, timeout=60
    )
    order = {"global": 0, "user": 1, "site": 2, "install": 3, ":env:": 4}
    rows = []
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if option in ("cert", "index-url", "extra-index-url", "find-links", "trusted-host", "default-timeout"):
            rows.append((order.get(section, 0), option.replace("default-timeout", "timeout"), value.strip("'\"")))
    return {option: value for _, option, value in sorted(rows)}


@contextlib.contextmanager
def _served(place: str, above: bool) -> Iterator[str]:
    """A URL that a build can read: a folder of this machine (with ``above``, the one around it) is served over HTTP on
    127.0.0.1, others stay."""
    parts = urlsplit(place)
    folder = Path(parts.path)
    if parts.scheme not in ("", "file") or not folder.is_dir():
        yield place
        return
    handler = functools.partial(_Quiet, directory=str(folder.parent if above else folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/" + (f"{folder.name}/" if above else "")
        server.shutdown()
        thread.join()
