"""Options of WTKO-CNN and of the networks it is compared with (Dey 2026, Table 3 and section 6)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from cislex_models.options.base import (
    ArchitectureOptions,
    Block,
    ConvolutionalOptions,
    Hidden,
    kernel_bp,
    pool,
    share,
    shortest_input,
    width,
)


class WtkoCnnOptions(ArchitectureOptions):
    """WTKO-CNN. The defaults are Table 3 of the paper: no padding, no batch normalisation.

    ``batch_norm`` follows the paper's text (3.2.3), which Table 3, the listing and the published code do not.
    ``padding`` "same" keeps the length in both convolutions (left (k−1)//2, right the rest).
    """

    shorter_by: ClassVar[str] = "use padding 'same' or a smaller kernel_size"

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


class Cnn4Options(ConvolutionalOptions):
    """Four convolutions. The paper gives no sizes: the first two are WTKO-CNN's, the others 5 wide."""

    filters: int = width(64)
    filters_2: int = width(128)
    filters_3: int = width(128)
    filters_4: int = width(128)
    kernel_size: int = kernel_bp(10)
    kernel_size_deep: int = kernel_bp(5)
    pool_size: int = pool(2)
    hidden: int = width(64)
    dropout: float = share(0.3)

    def blocks(self) -> tuple[Block, ...]:
        """Four blocks; ``kernel_size`` is that of the first two."""
        sizes = (
            (self.filters, self.kernel_size),
            (self.filters_2, self.kernel_size),
            (self.filters_3, self.kernel_size_deep),
            (self.filters_4, self.kernel_size_deep),
        )
        return tuple(Block(f, k, self.pool_size, dropout=self.dropout) for f, k in sizes)

    def hidden_layers(self) -> Hidden:
        """One layer."""
        return Hidden((self.hidden,))


class _TwoBlocksOptions(ArchitectureOptions):
    """WTKO-CNN's two convolutions, before something else reads their positions."""

    filters: int = width(64)
    filters_2: int = width(128)
    kernel_size: int = kernel_bp(10)
    pool_size: int = pool(2)
    dropout: float = share(0.3)

    def blocks(self) -> tuple[Block, ...]:
        """The two blocks."""
        return tuple(
            Block(f, self.kernel_size, self.pool_size, dropout=self.dropout) for f in (self.filters, self.filters_2)
        )

    def min_window_bp(self) -> int:
        """31 bp by default: one position after both pools."""
        return shortest_input(self.blocks())


class CnnLstmOptions(_TwoBlocksOptions):
    """CNN+LSTM: WTKO-CNN's convolutions, an LSTM along the positions, its last state into the output layer."""

    lstm_hidden: int = width(64)
    lstm_layers: int = Field(1, ge=1, le=4)
    bidirectional: bool = False


class _Attending(ArchitectureOptions):
    heads: int = Field(4, ge=1, le=64)
    layers: int = Field(2, ge=1, le=24)
    feed_forward: int = width(256)
    dropout_attention: float = share(0.1)
    hidden: int = width(64)

    def dimensions(self) -> int:
        """Channels of a position."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _heads_divide(self) -> _Attending:
        if self.dimensions() % (2 * self.heads):
            raise ValueError(
                f"{self.dimensions()} channels of a position cannot be shared by {self.heads} heads in pairs; choose "
                f"a multiple of {2 * self.heads}"
            )
        return self


class TransformerOptions(_Attending):
    """Vanilla transformer from scratch: tokens of ``token_bp`` bases are embedded, encoder layers, mean over tokens."""

    shorter_by: ClassVar[str] = "choose a smaller token_bp"

    channels: int = width(128)
    token_bp: int = Field(6, ge=1, le=64)

    def dimensions(self) -> int:
        """``channels``."""
        return self.channels

    def min_window_bp(self) -> int:
        """One whole token."""
        return self.token_bp


class CnnTransformerOptions(_TwoBlocksOptions, _Attending):
    """CNN+Transformer: WTKO-CNN's convolutions, encoder layers over the positions, mean over them."""

    def dimensions(self) -> int:
        """The filters of the second convolution."""
        return self.filters_2
