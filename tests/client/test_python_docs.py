"""The examples of docs/python.md run as they stand, in order, against the server of this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def test_the_examples_run(repo_dir: Path) -> None:
    text = (repo_dir / "docs" / "python.md").read_text()
    blocks = _BLOCK.findall(text)
    assert len(blocks) >= 8
    with tempfile.TemporaryDirectory(prefix="cx-", dir="/tmp") as folder:
        home = Path(folder)
        (home / "work").mkdir()
        program = home / "examples.py"
        program.write_text("\n".join(blocks))
        environment = {
            **os.environ, "CISLEX_HOME": str(home / "h"), "CISLEX_CONFIG": str(home / "none.toml"),
            "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        environment.pop("CISLEX_CONTEXT", None)
        try:
            done = subprocess.run(
                [sys.executable, str(program)], cwd=home / "work", env=environment, capture_output=True, text=True,
                timeout=500, check=False,
            )  # fmt: skip
        finally:
            down = [str(Path(sys.executable).parent / "cislex"), "server", "down"]
            subprocess.run(down, env=environment, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        said = done.stdout
        assert "cislex encoder, trainer, explainer, motif" in said
        assert "SUCCEEDED COMPLETE" in said
        assert "CC-BY-4.0" in said
        assert "NOT_FOUND tenants/local/models/0123456789abcdef" in said
        assert re.search(r"^epochs ", said, re.M)
        (model,) = (home / "work" / "repository").glob("*/1/model.onnx")
        assert (model.parents[1] / "config.pbtxt").is_file()
