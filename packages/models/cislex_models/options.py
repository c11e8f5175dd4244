"""Options of the architectures, declared without torch so that an API process can check a request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ArchitectureOptions(BaseModel, ABC):
    """Base: unknown options are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @abstractmethod
    def min_window_bp(self) -> int:
        """The shortest window that leaves at least one position in the last feature map."""


class WtkoCnnOptions(ArchitectureOptions):
    """WTKO-CNN. The defaults are Table 3 of the paper: no padding, no batch normalisation.

    ``batch_norm`` follows the paper's text (3.2.3), which Table 3, the listing and the published code do not.
    ``padding`` "same" keeps the length in both convolutions (left (k−1)//2, right the rest).
    """

    batch_norm: bool = False
    padding: Literal["none", "same"] = "none"
    filters: int = Field(64, ge=1, le=4096)
    filters_2: int = Field(128, ge=1, le=4096)
    kernel_size: int = Field(10, ge=1, le=101)
    pool_size: int = Field(2, ge=1, le=16)
    hidden: int = Field(64, ge=1, le=4096)
    dropout: float = Field(0.3, ge=0.0, lt=1.0)

    def min_window_bp(self) -> int:
        """31 bp for Table 3: each block needs pool_size positions out of its convolution."""
        lost = 0 if self.padding == "same" else self.kernel_size - 1
        length = 1
        for _ in range(2):
            length = length * self.pool_size + lost
        return length
