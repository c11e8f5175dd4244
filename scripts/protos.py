"""Generate the gRPC stubs of proto/ into packages/protos, check that the committed ones are current, lint the protos.

    python scripts/protos.py           write the stubs
    python scripts/protos.py --check   exit 1 when the committed stubs differ from what the protos give
    python scripts/protos.py --lint    buf lint, and buf breaking against proto/baseline.binpb
    python scripts/protos.py --baseline   renew that baseline; only a release does this

The google.* protos come from the installed googleapis-common-protos. That package ships operations.proto under the name
``operations_proto.proto``, so the imports are laid out in a temporary folder first; nothing of them is kept.
"""

from __future__ import annotations

import argparse
import filecmp
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
PROTO = REPO / "proto"
STUBS = REPO / "packages" / "protos"
BASELINE = PROTO / "baseline.binpb"


def lay_out_google(target: Path) -> None:
    """Copy the google.* protos of the installed packages below ``target``, under the names that importers use."""
    common = importlib.util.find_spec("google.longrunning")
    tools = importlib.util.find_spec("grpc_tools")
    if common is None or tools is None or not common.submodule_search_locations or not tools.origin:
        raise SystemExit("googleapis-common-protos and grpcio-tools are needed: make install the test requirements")
    google = Path(next(iter(common.submodule_search_locations))).parent
    for area in ("longrunning", "rpc", "api"):
        for source in (google / area).glob("*.proto"):
            name = "operations.proto" if source.name == "operations_proto.proto" else source.name
            destination = target / "google" / area / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, destination)
    shutil.copytree(Path(tools.origin).parent / "_proto" / "google" / "protobuf", target / "google" / "protobuf")


def sources() -> list[str]:
    """Our proto files, relative to proto/, sorted."""
    return sorted(path.relative_to(PROTO).as_posix() for path in (PROTO / "cislex").rglob("*.proto"))


def generate(target: Path) -> None:
    """Write all stubs below ``target``."""
    with tempfile.TemporaryDirectory() as scratch:
        lay_out_google(Path(scratch))
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"-I{scratch}", f"--python_out={target}",
                   f"--pyi_out={target}", f"--grpc_python_out={target}", *sources()]  # fmt: skip
        subprocess.run(command, check=True, cwd=PROTO)


def check() -> int:
    """Compare the committed stubs with fresh ones; prints what differs and answers the exit status."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        generate(fresh)
        want = {p.relative_to(fresh) for p in fresh.rglob("*.py*") if "__pycache__" not in p.parts}
        have = {p.relative_to(STUBS) for p in (STUBS / "cislex").rglob("*_pb2*.py*") if "__pycache__" not in p.parts}
        wrong = [f"missing: {p}" for p in sorted(want - have)] + [f"without a proto: {p}" for p in sorted(have - want)]
        wrong += [f"differs: {p}" for p in sorted(want & have) if not filecmp.cmp(fresh / p, STUBS / p, shallow=False)]
    for line in wrong:
        print(line)
    print("stubs are current" if not wrong else "stubs are not current: run `make proto`")
    return 1 if wrong else 0


def buf(*arguments: str) -> int:
    """Run buf (from the package buf-bin) on proto/, with the google.* protos beside it as a module of their own."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        lay_out_google(root / "google")
        shutil.rmtree(root / "google" / "google" / "protobuf")  # buf has these built in
        shutil.copytree(PROTO / "cislex", root / "proto" / "cislex")
        config = (PROTO / "buf.yaml").read_text()
        config += "modules:\n  - path: proto\n  - path: google\n    lint:\n      ignore: [google]\n"
        (root / "buf.yaml").write_text(config.replace("      - cislex/", "      - proto/cislex/"))
        program = Path(sys.executable).parent / "buf"
        return subprocess.run([str(program), *arguments], cwd=root, check=False).returncode


def lint() -> int:
    """buf lint over proto/."""
    return buf("lint", "proto")


def breaking() -> int:
    """buf breaking against the committed baseline: what a released client relies on must stay."""
    return buf("breaking", "proto", "--against", str(BASELINE))


def baseline() -> int:
    """Renew the baseline. Only a release does this."""
    return buf("build", "proto", "-o", str(BASELINE), "--exclude-source-info")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed stubs, write nothing")
    parser.add_argument("--lint", action="store_true", help="run buf lint and buf breaking")
    parser.add_argument("--baseline", action="store_true", help="renew the baseline of buf breaking")
    arguments = parser.parse_args()
    if arguments.baseline:
        return baseline()
    if arguments.lint:
        return lint() or breaking()
    if arguments.check:
        return check()
    generate(STUBS)
    print(f"{len(sources())} protos → {STUBS.relative_to(REPO)}/cislex")
    return 0


if __name__ == "__main__":
    sys.exit(main())
