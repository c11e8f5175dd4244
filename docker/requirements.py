"""What each image installs, read from the packages' own pyproject.toml: written as lists for the Dockerfile.

``python docker/requirements.py cpu OUT`` writes for each image ``OUT/<image>.txt`` (packages of others, for a layer
that does not change with our code) and ``OUT/<image>.own.txt`` (our packages, installed without dependencies), and
``OUT/torch.txt``. The environment variable TORCH_INDEX replaces the index that torch is taken from ("none": the usual).
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Every server: PostgreSQL, S3, the engines of a cluster, OIDC, metrics and traces; SERVER_EXTRAS names fewer.
SERVER = [f"cislex-runtime[{os.environ.get('SERVER_EXTRAS') or 'cluster'}]"]
#: Image → what it is made of; ``VARIANT`` is cpu or gpu.
IMAGES = {
    "server": [*SERVER, "scipy", "scikit-learn"],  # every service needs these two: one layer for all
    "client": ["cislex-client"],
    "encoder": [*SERVER, "cislex-encoder"],
    "motif": [*SERVER, "cislex-motif[modisco]"],
    "trainer": [*SERVER, "cislex-trainer[VARIANT]"],
    "explainer": [*SERVER, "cislex-explainer[VARIANT]"],
    "worker": [*SERVER, "cislex-encoder", "cislex-motif[modisco]", "cislex-trainer[VARIANT]",
               "cislex-explainer[VARIANT]"],
}  # fmt: skip
#: Where torch of a variant is found beside the usual index: PyPI's own build is the one with CUDA.
TORCH_INDEX = {"cpu": "https://download.pytorch.org/whl/cpu", "gpu": "none"}
_NAME = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[(?P<extras>[^]]*)\])?")


def projects() -> dict[str, dict]:
    """Name → ``[project]`` table of each of our packages."""
    files = sorted(
        path for folder in ("packages", "services", "client") for path in (ROOT / folder).rglob("pyproject.toml")
    )
    tables = [tomllib.loads(path.read_text())["project"] for path in files]
    return {table["name"]: table for table in tables}


def resolve(wanted: list[str], ours: dict[str, dict]) -> tuple[list[str], list[str]]:
    """(requirements on others, names of ours) of a list of requirements, through all of our packages."""
    others: set[str] = set()
    own: set[str] = set()
    seen: set[str] = set()
    todo = list(wanted)
    while todo:
        requirement = todo.pop()
        match = _NAME.match(requirement)
        if match is None:
            raise SystemExit(f"{requirement!r} is no requirement")
        if match["name"] not in ours:
            others.add(requirement)
            continue
        if requirement in seen:
            continue
        seen.add(requirement)
        own.add(match["name"])
        table = ours[match["name"]]
        todo += table.get("dependencies", [])
        for extra in filter(None, (match["extras"] or "").split(",")):
            known = table.get("optional-dependencies", {})
            if extra not in known:
                raise SystemExit(f"{match['name']} has no extra {extra!r}; it has: {', '.join(sorted(known))}")
            todo += known[extra]
    return sorted(others), sorted(own)


def main(variant: str, out: Path) -> None:
    """Write the lists of all images."""
    if variant not in ("cpu", "gpu"):
        raise SystemExit(f"VARIANT is {variant!r}; it is cpu or gpu")
    out.mkdir(parents=True, exist_ok=True)
    ours = projects()
    for image, wanted in IMAGES.items():
        others, own = resolve([entry.replace("VARIANT", variant) for entry in wanted], ours)
        (out / f"{image}.txt").write_text("".join(f"{line}\n" for line in others))
        (out / f"{image}.own.txt").write_text("".join(f"{line}\n" for line in own))
    index = os.environ.get("TORCH_INDEX") or TORCH_INDEX[variant]
    torch, _ = resolve(["cislex-models"], ours)
    lines = [line for line in torch if line.startswith("torch")]
    (out / "torch.txt").write_text(
        "".join(f"{line}\n" for line in [f"--extra-index-url {index}"] * (index != "none") + lines)
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], Path(sys.argv[2]))
