"""Refuse a build whose torch is not the variant's: an index may hold both builds under one version.

``python docker/check_torch.py gpu`` ends with 1 when torch has no CUDA; with ``cpu``, when it has.
"""

from __future__ import annotations

import sys


def problem(variant: str, version: str, cuda: str | None) -> str:
    """Why torch of this version, built for this CUDA (None: without), is not the variant's; empty when it is."""
    if bool(cuda) == (variant == "gpu"):
        return ""
    built = f"for CUDA {cuda}" if cuda else "without CUDA"
    return f"torch {version} is built {built}, VARIANT is {variant}: see TORCH_INDEX"


if __name__ == "__main__":
    import torch

    sys.exit(problem(sys.argv[1], torch.__version__, torch.version.cuda) or 0)
