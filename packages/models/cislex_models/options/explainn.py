"""Options of the additive networks: ExplaiNN, and pretrained models as its units."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cislex_models.options.base import Activation, ArchitectureOptions, kernel_bp, pool, share, width


class ExplainnOptions(ArchitectureOptions):
    """ExplaiNN. The defaults are the paper's (Novakovsky et al. 2023, Methods).

    ``fc_layers`` per unit: 0 = the largest activation of the whole sequence is the unit's output; 1 = one Linear from
    the pooled positions to the unit's output; n ≥ 2 = n − 1 layers of ``hidden`` nodes, then the output.
    ``pool_stride`` 0 means as wide as the pool. ``frozen_filters`` keeps the first layer's weights as they were set
    (see ``filter_init``).
    """

    shorter_by: ClassVar[str] = "choose a smaller kernel_size or pool_size"

    units: int = width(100)
    kernel_size: int = kernel_bp(19)
    activation: Activation = "exp"
    pool_size: int = pool(7)
    pool_stride: int = Field(0, ge=0, le=64)
    fc_layers: int = Field(2, ge=0, le=6)
    hidden: int = width(100)
    dropout: float = share(0.3)
    frozen_filters: bool = False

    @property
    def stride(self) -> int:
        """The pool's step."""
        return self.pool_stride or self.pool_size

    def positions(self, window_bp: int) -> int:
        """Pooled positions of a unit (1 without fully connected layers)."""
        return 1 if self.fc_layers == 0 else (window_bp - self.kernel_size + 1 - self.pool_size) // self.stride + 1

    def min_window_bp(self) -> int:
        """19 + 6 bp for the paper's sizes: one whole pool of activations; the filter's width without a pool."""
        return self.kernel_size if self.fc_layers == 0 else self.kernel_size + self.pool_size - 1


class TransferPart(BaseModel):
    """One pretrained model: how it is built, and which of its outputs become units.

    ``window_bp`` is its own window: a longer sequence is cut to its centre, a shorter one padded with N on both sides.
    ``outputs`` = indices of the outputs taken, in this order; none given: all. ``activation`` "sigmoid" passes them on
    as probabilities, "none" as logits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    architecture: str
    options: dict[str, Any] = Field(default_factory=dict)
    window_bp: int = Field(ge=1)
    n_outputs: int = Field(ge=1)
    outputs: list[int] | None = None
    activation: Literal["none", "sigmoid"] = "none"
    name: str = ""

    @property
    def taken(self) -> list[int]:
        """The indices of the outputs that become units."""
        return list(range(self.n_outputs)) if self.outputs is None else self.outputs

    @field_validator("outputs")
    @classmethod
    def _distinct(cls, outputs: list[int] | None, info: Any) -> list[int] | None:
        if outputs is not None:
            n = info.data.get("n_outputs", 0)
            if not outputs or len(set(outputs)) < len(outputs) or not all(0 <= i < n for i in outputs):
                raise ValueError(f"needs distinct indices of the part's {n} outputs")
        return outputs

    def min_window_bp(self) -> int:
        """The shortest window of the part's own architecture."""
        from cislex_models.registry import check_options

        return check_options(self.architecture, self.options).min_window_bp()


class UnitTransferOptions(ArchitectureOptions):
    """Frozen pretrained models as units (Novakovsky et al. 2023, Fig. 5D).

    ``head`` "linear": their outputs into one Linear. "nam": each output first through a network of its own, Linear
    ``hidden`` → [batch norm] → ReLU → dropout → Linear 1.
    """

    shorter_by: ClassVar[str] = "leave out the parts that need more"

    parts: list[TransferPart] = Field(min_length=1)
    head: Literal["linear", "nam"] = "linear"
    hidden: int = width(200)
    batch_norm: bool = True
    dropout: float = share(0.3)

    def min_window_bp(self) -> int:
        """The longest of the parts' shortest windows."""
        return max(part.min_window_bp() for part in self.parts)
