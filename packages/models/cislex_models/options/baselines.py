"""Options of the networks that the ExplaiNN paper compares with (Novakovsky et al. 2023, Methods)."""

from __future__ import annotations

from pydantic import Field

from cislex_models.options.base import (
    Activation,
    ArchitectureOptions,
    Block,
    ConvolutionalOptions,
    Hidden,
    kernel_bp,
    pool,
    same_padding,
    share,
    shortest_input,
    width,
)


class Cnn1Options(ConvolutionalOptions):
    """CNN₁: one convolution, two fully connected layers, all with batch normalisation."""

    filters: int = width(100)
    kernel_size: int = kernel_bp(19)
    pool_size: int = pool(7)
    hidden: int = width(1000)
    dropout: float = share(0.3)
    activation: Activation = "relu"

    def blocks(self) -> tuple[Block, ...]:
        """One block."""
        return (Block(self.filters, self.kernel_size, self.pool_size, norm="before", activation=self.activation),)

    def hidden_layers(self) -> Hidden:
        """Two equal layers."""
        return Hidden((self.hidden, self.hidden), norm=True, dropout=self.dropout)


class Cnn1ExpOptions(Cnn1Options):
    """CNN₁Exp: CNN₁ with the exponential activation."""

    activation: Activation = "exp"


class DeepCnnOptions(ConvolutionalOptions):
    """DeepCNN, adapted from Basset: convolutions of 19, 7 and 4, each pooled by 3, and two fully connected layers."""

    filters: int = width(100)
    filters_2: int = width(200)
    filters_3: int = width(200)
    kernel_size: int = kernel_bp(19)
    kernel_size_2: int = kernel_bp(7)
    kernel_size_3: int = kernel_bp(4)
    pool_size: int = pool(3)
    hidden: int = width(1000)
    dropout: float = share(0.3)
    activation: Activation = "relu"

    def blocks(self) -> tuple[Block, ...]:
        """Three blocks; ``activation`` is the first one's."""
        return (
            Block(self.filters, self.kernel_size, self.pool_size, norm="before", activation=self.activation),
            Block(self.filters_2, self.kernel_size_2, self.pool_size, norm="before"),
            Block(self.filters_3, self.kernel_size_3, self.pool_size, norm="before"),
        )

    def hidden_layers(self) -> Hidden:
        """Two equal layers."""
        return Hidden((self.hidden, self.hidden), norm=True, dropout=self.dropout)


class DeepStarrOptions(ConvolutionalOptions):
    """DeepSTARR (de Almeida et al. 2022): four padded convolutions of 7, 3, 5 and 3, each pooled by 2."""

    filters: int = width(256)
    filters_2: int = width(60)
    filters_3: int = width(60)
    filters_4: int = width(120)
    kernel_size: int = kernel_bp(7)
    pool_size: int = pool(2)
    hidden: int = width(256)
    dropout: float = share(0.4)

    def blocks(self) -> tuple[Block, ...]:
        """Four blocks that keep the length before pooling."""
        sizes = (
            (self.filters, self.kernel_size),
            (self.filters_2, 3),
            (self.filters_3, 5),
            (self.filters_4, 3),
        )
        return tuple(Block(f, k, self.pool_size, padding=same_padding(k), norm="before") for f, k in sizes)

    def hidden_layers(self) -> Hidden:
        """Two equal layers."""
        return Hidden((self.hidden, self.hidden), norm=True, dropout=self.dropout)


class AiTacOptions(ConvolutionalOptions):
    """AI-TAC (Maslova et al. 2020): convolutions of 19, 11 and 7; batch normalisation after each pool, none later."""

    filters: int = width(300)
    filters_2: int = width(200)
    filters_3: int = width(200)
    kernel_size: int = kernel_bp(19)
    hidden: int = width(1000)
    dropout: float = share(0.03)

    def blocks(self) -> tuple[Block, ...]:
        """Three padded blocks; the pools of 3, 4 and 4 are padded by one."""
        sizes = ((self.filters, self.kernel_size, 3), (self.filters_2, 11, 4), (self.filters_3, 7, 4))
        return tuple(Block(f, k, p, padding=same_padding(k), pool_padding=1, norm="after") for f, k, p in sizes)

    def hidden_layers(self) -> Hidden:
        """Two equal layers without normalisation."""
        return Hidden((self.hidden, self.hidden), dropout=self.dropout)


class DanQOptions(ArchitectureOptions):
    """DanQ (Quang and Xie 2016), with two bi-directional LSTM layers as the ExplaiNN paper has it, or one.

    ``dropout`` follows the pool, ``dropout_lstm`` each LSTM layer.
    """

    filters: int = width(320)
    kernel_size: int = kernel_bp(26)
    pool_size: int = pool(13)
    lstm_layers: int = Field(2, ge=1, le=2)
    lstm_hidden: int = width(320)
    hidden: int = width(925)
    dropout: float = share(0.2)
    dropout_lstm: float = share(0.5)

    def block(self) -> Block:
        """The convolution before the LSTM."""
        return Block(self.filters, self.kernel_size, self.pool_size, dropout=self.dropout)

    def min_window_bp(self) -> int:
        """38 bp for the paper's sizes: one step of the LSTM."""
        return shortest_input((self.block(),))
