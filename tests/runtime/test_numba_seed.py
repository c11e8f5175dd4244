"""A numba cache from an image's build is used where the image itself cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import kernels
assert kernels.twice(21) == 42
print(*(sum(counter.values()) for counter in (kernels.twice.stats.cache_hits, kernels.twice.stats.cache_misses)))
"""


def _run(folder: Path, cache: Path, seed: Path | None) -> str:
    environment = {
        **os.environ, "NUMBA_CACHE_LOCATOR_CLASSES": "cislex_runtime.working.numba_seed.SeededCacheLocator",
        "NUMBA_CACHE_DIR": str(cache), "CISLEX_NUMBA_SEED": str(seed or ""),
    }  # fmt: skip
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_the_build_compiled_is_not_compiled_again(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    source = "import numba\n\n\n@numba.njit(cache=True)\ndef twice(n):\n    return 2 * n\n"
    (package / "kernels.py").write_text(source)
    seed, cache = tmp_path / "seed", tmp_path / "cache"
    assert _run(package, seed, None) == "0 1"  # the build compiles
    before = {path: path.stat().st_mtime_ns for path in seed.rglob("*")}
    assert _run(package, cache, seed) == "1 0"  # a container reads
    assert {path: path.stat().st_mtime_ns for path in seed.rglob("*")} == before
    assert not [path for path in cache.iterdir() if path.name.startswith(".seed-")]
    assert _run(package, cache, tmp_path / "nowhere") == "1 0"  # from the copy
    (package / "kernels.py").write_text(source.replace("2 * n", "n + n"))
    assert _run(package, cache, seed) == "0 1"  # other code than the image's is compiled, never taken from the seed
