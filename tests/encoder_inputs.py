"""Small inputs for the tests of ImportDataset: random sequences, FASTA, FASTQ, genomes, and what must fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.sequences import decode

CHROMS = {f"chr{number}": 6000 for number in range(1, 6)}


def random_text(n: int, length: int, seed: int = 0) -> list[str]:
    """n random sequences."""
    rng = np.random.default_rng(seed)
    return [decode(rng.integers(0, 4, length).astype(np.uint8)) for _ in range(n)]


def fasta(bench: Any, name: str, texts: list[str], headers: list[str] | None = None) -> Path:
    """A FASTA file of these sequences."""
    names = headers or [f"{name}_{i}" for i in range(len(texts))]
    return bench.write(f"{name}.fa", "".join(f">{h}\n{t}\n" for h, t in zip(names, texts, strict=True)))


def fastq(bench: Any, name: str, texts: list[str]) -> Path:
    """A FASTQ file of these reads."""
    return bench.write(f"{name}.fastq", "".join(f"@r{i} x\n{t}\n+\n{'I' * len(t)}\n" for i, t in enumerate(texts)))


def genome(bench: Any, chroms: dict[str, int] | None = None, seed: int = 7, gc: float = 0.5) -> Path:
    """A genome FASTA with independent letters."""
    rng = np.random.default_rng(seed)
    half = gc / 2
    lines = []
    for name, length in (chroms or CHROMS).items():
        codes = rng.choice(4, size=length, p=[0.5 - half, half, half, 0.5 - half]).astype(np.uint8)
        text = decode(codes)
        lines.append(f">{name}\n" + "\n".join(text[i : i + 70] for i in range(0, length, 70)))
    return bench.write("genome.fa", "\n".join(lines) + "\n")


def places(n: int, width: int = 40, step: int = 100) -> list[tuple[str, int, int]]:
    """n intervals spread over the chromosomes, in turn."""
    names = list(CHROMS)
    return [
        (names[i % len(names)], 100 + step * (i // len(names)), 100 + step * (i // len(names)) + width)
        for i in range(n)
    ]


def status(artifact: Any) -> dict[str, int]:
    """Drop counts by reason."""
    return {item["reason"]: item["n_rows"] for item in artifact.manifest.summary["dropped"]}


def fails(bench: Any, reason: Reason, *words: str, task: str = "encoder.ImportDataset", **fields: Any) -> UserError:
    """The task raises ``reason`` and says all of ``words``."""
    with pytest.raises(UserError) as caught:
        bench.run(task, **fields)
    assert caught.value.reason is reason, caught.value.message
    for word in words:
        assert word in caught.value.message
    return caught.value
