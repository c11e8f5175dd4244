"""Options of the architectures, declared without torch so that an API process can check a request."""

from cislex_models.options.base import ArchitectureOptions, ConvolutionalOptions
from cislex_models.options.baselines import (
    AiTacOptions,
    Cnn1ExpOptions,
    Cnn1Options,
    DanQOptions,
    DeepCnnOptions,
    DeepStarrOptions,
)
from cislex_models.options.explainn import ExplainnOptions, TransferPart, UnitTransferOptions
from cislex_models.options.wtko import (
    Cnn4Options,
    CnnLstmOptions,
    CnnTransformerOptions,
    TransformerOptions,
    WtkoCnnOptions,
)

__all__ = [
    "AiTacOptions",
    "ArchitectureOptions",
    "Cnn1ExpOptions",
    "Cnn1Options",
    "Cnn4Options",
    "CnnLstmOptions",
    "CnnTransformerOptions",
    "ConvolutionalOptions",
    "DanQOptions",
    "DeepCnnOptions",
    "DeepStarrOptions",
    "ExplainnOptions",
    "TransferPart",
    "TransformerOptions",
    "UnitTransferOptions",
    "WtkoCnnOptions",
]
