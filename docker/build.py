"""Build the images with docker, podman or buildah, whichever is there.

    python docker/build.py [--variant gpu] [--prefix registry.example.org/lab/] [target …] [-- options of the engine]

What follows ``--`` goes to the engine's build command as it is, e.g. ``--secret id=pip-conf,src=pip.conf`` or
``--build-arg BASE=…@sha256:…``. Images are named ``[PREFIX]cislex-<target>:<version>-<variant>``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {
    "cpu": ("encoder", "trainer", "explainer", "motif", "client", "worker"),
    # The others compute nothing on a GPU.
    "gpu": ("trainer", "explainer", "worker"),
}
#: HEALTHCHECK exists in docker's image format only.
COMMANDS = {
    "docker": ["docker", "build"],
    "podman": ["podman", "build", "--layers", "--format=docker"],
    "buildah": ["buildah", "bud", "--layers", "--format=docker"],
}


def version() -> str:
    """The version of cislex."""
    return str(tomllib.loads((ROOT / "packages/core/pyproject.toml").read_text())["project"]["version"])


def revision() -> str:
    """The commit of the checkout; "unknown" outside one."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if shutil.which("git") else None
    return done.stdout.strip() if done and done.returncode == 0 else "unknown"


def engine() -> str:
    """docker when its server answers, else podman, else buildah. Raises SystemExit when there is none."""
    if shutil.which("docker"):
        done = subprocess.run(["docker", "info"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            return "docker"
    for name in ("podman", "buildah"):
        if shutil.which(name):
            return name
    raise SystemExit("no docker (with a running server), podman or buildah on the PATH: install one of them")


def tag(target: str, variant: str, prefix: str = "") -> str:
    """Name of an image."""
    return f"{prefix}cislex-{target}:{version()}-{variant}"


def command(chosen: str, target: str, variant: str, prefix: str, options: list[str]) -> list[str]:
    """The build command of one image."""
    return [
        *COMMANDS[chosen], "--file", str(ROOT / "docker/Dockerfile"), "--target", target,
        "--build-arg", f"VARIANT={variant}", "--build-arg", f"VERSION={version()}",
        "--build-arg", f"REVISION={revision()}", "--tag", tag(target, variant, prefix), *options, str(ROOT),
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Build one image after another; stops at the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="images; default: all of the variant")
    parser.add_argument("--variant", choices=sorted(TARGETS), default="cpu")
    parser.add_argument("--engine", choices=sorted(COMMANDS), help="default: what is there")
    parser.add_argument("--prefix", default="", help="before each name, e.g. registry.example.org/lab/")
    ours, options = arguments, []
    if "--" in arguments:
        split = arguments.index("--")
        ours, options = arguments[:split], arguments[split + 1 :]
    chosen = parser.parse_args(ours)
    tool = chosen.engine or engine()
    for target in chosen.targets or TARGETS[chosen.variant]:
        done = subprocess.run(
            command(tool, target, chosen.variant, chosen.prefix, options),
            env={**os.environ, "DOCKER_BUILDKIT": "1"}, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            return done.returncode
        print(f"built {tag(target, chosen.variant, chosen.prefix)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
