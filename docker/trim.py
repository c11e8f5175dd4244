"""Remove from an environment what no server needs: tests, C++ headers and test programs of other packages.

Run in the layer that installed them: ``python3 docker/trim.py /opt/cislex``. Prints the bytes it freed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

#: Below site-packages. numpy.testing, torch.testing and the like are no tests and stay.
UNUSED = (
    "matplotlib/tests", "numba/tests", "numpy/**/tests", "onnx/backend/test", "pandas/tests", "pyarrow/include",
    "pyarrow/tests", "ray/jars", "scipy/**/tests", "sklearn/**/tests", "sympy/**/tests", "torch/include", "torch/test",
    "torch/bin/test_*", "torch/bin/*_test", "torch/bin/protoc*",
)  # fmt: skip


def trim(environment: Path) -> int:
    """Remove; answers the bytes of the files that were there."""
    freed = 0
    for site in environment.glob("lib/python3*/site-packages"):
        for pattern in UNUSED:
            for path in list(site.glob(pattern)):
                if path.is_dir():
                    freed += sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())
                    shutil.rmtree(path)
                elif path.exists():
                    freed += path.lstat().st_size
                    path.unlink()
    return freed


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    print(f"removed {trim(Path(sys.argv[1])) / 1e6:.0f} MB that no server needs")
