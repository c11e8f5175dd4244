"""Every architecture: its name, its title and source, and where it is written. Importing this loads no torch."""

from __future__ import annotations

from dataclasses import dataclass

from cislex_models import options
from cislex_models.options import ArchitectureOptions


@dataclass(frozen=True)
class ArchitectureInfo:
    """An entry of the registry; ``target`` is ``module:Class``, imported by ``build`` only.

    ``source`` names the paper and its table or passage. ``has_filters``: a first convolution reads the sequence and
    its filters can be explained; ``has_units``: logits are a linear sum of unit outputs; ``has_attention``: the model
    gives weights over positions.
    """

    name: str
    title: str
    target: str
    options: type[ArchitectureOptions]
    source: str = ""
    has_filters: bool = True
    has_units: bool = False
    has_attention: bool = False


_EXPLAINN = "Novakovsky et al. 2023"
_WTKO = "Dey 2026"

_ENTRIES = (
    ArchitectureInfo(
        name="wtko_cnn",
        title="WTKO-CNN: two convolutions, attention pooling",
        source=f"{_WTKO}, Table 3",
        target="cislex_models.wtko_cnn:WtkoCnn",
        options=options.WtkoCnnOptions,
        has_attention=True,
    ),
    ArchitectureInfo(
        name="cnn4",
        title="CNN of four convolutions",
        source=f"{_WTKO}, section 6 and Table 13; sizes are open",
        target="cislex_models.convolutional:Cnn4",
        options=options.Cnn4Options,
    ),
    ArchitectureInfo(
        name="cnn_lstm",
        title="CNN+LSTM: two convolutions, LSTM along the positions",
        source=f"{_WTKO}, section 6 and Table 13; sizes are open",
        target="cislex_models.recurrent:CnnLstm",
        options=options.CnnLstmOptions,
    ),
    ArchitectureInfo(
        name="transformer",
        title="Vanilla transformer: embedded tokens, encoder layers",
        source=f"{_WTKO}, section 6 and Table 13; sizes are open",
        target="cislex_models.transformers:Transformer",
        options=options.TransformerOptions,
        has_filters=False,
    ),
    ArchitectureInfo(
        name="cnn_transformer",
        title="CNN+Transformer: two convolutions, encoder layers over the positions",
        source=f"{_WTKO}, section 6 and Table 13; sizes are open",
        target="cislex_models.transformers:CnnTransformer",
        options=options.CnnTransformerOptions,
    ),
    ArchitectureInfo(
        name="explainn",
        title="ExplaiNN: independent units of one filter, summed by one linear layer",
        source=f"{_EXPLAINN}, Methods and Fig. 1A",
        target="cislex_models.explainn:Explainn",
        options=options.ExplainnOptions,
        has_units=True,
    ),
    ArchitectureInfo(
        name="unit_transfer",
        title="Frozen pretrained models as units, a linear or additive head",
        source=f"{_EXPLAINN}, Plug-and-play and Fig. 5D",
        target="cislex_models.unit_transfer:UnitTransfer",
        options=options.UnitTransferOptions,
        has_filters=False,
        has_units=True,
    ),
    ArchitectureInfo(
        name="cnn1",
        title="CNN1: one convolution, two fully connected layers",
        source=f"{_EXPLAINN}, Methods",
        target="cislex_models.convolutional:Cnn1",
        options=options.Cnn1Options,
    ),
    ArchitectureInfo(
        name="cnn1_exp",
        title="CNN1-Exp: CNN1 with exponential activation",
        source=f"{_EXPLAINN}, Methods",
        target="cislex_models.convolutional:Cnn1Exp",
        options=options.Cnn1ExpOptions,
    ),
    ArchitectureInfo(
        name="deep_cnn",
        title="DeepCNN: three convolutions, two fully connected layers (after Basset)",
        source=f"{_EXPLAINN}, Methods; Kelley et al. 2016",
        target="cislex_models.convolutional:DeepCnn",
        options=options.DeepCnnOptions,
    ),
    ArchitectureInfo(
        name="danq",
        title="DanQ: one convolution, one or two bi-directional LSTM layers",
        source=f"{_EXPLAINN}, Methods; Quang and Xie 2016",
        target="cislex_models.recurrent:DanQ",
        options=options.DanQOptions,
    ),
    ArchitectureInfo(
        name="deepstarr",
        title="DeepSTARR: four convolutions, two fully connected layers",
        source=f"{_EXPLAINN}, Methods; de Almeida et al. 2022",
        target="cislex_models.convolutional:DeepStarr",
        options=options.DeepStarrOptions,
    ),
    ArchitectureInfo(
        name="ai_tac",
        title="AI-TAC: three convolutions, two fully connected layers",
        source="Maslova et al. 2020 and its published code",
        target="cislex_models.convolutional:AiTac",
        options=options.AiTacOptions,
    ),
)
ARCHITECTURES: dict[str, ArchitectureInfo] = {entry.name: entry for entry in _ENTRIES}
