"""Networks with LSTM layers along the positions: DanQ, and the CNN+LSTM that WTKO-CNN is compared with."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cislex_models.convolutional import BlockArchitecture
from cislex_models.dropout import Dropout
from cislex_models.options import CnnLstmOptions, DanQOptions


class DanQ(BlockArchitecture):
    """DanQ: convolution, max-pool, bi-directional LSTM layers, all their states into one hidden layer.

    Every dropout is a module, so that none is left on at evaluation.
    """

    name = "danq"

    def __init__(self, options: DanQOptions, window_bp: int, n_outputs: int = 2) -> None:
        super().__init__(options.model_dump(mode="json"), window_bp, n_outputs)
        block = options.block()
        self._build_blocks((block,))
        size = options.lstm_hidden
        self.lstm = nn.ModuleList(
            nn.LSTM(block.filters if layer == 0 else 2 * size, size, batch_first=True, bidirectional=True)
            for layer in range(options.lstm_layers)
        )
        self.dropout_lstm = Dropout(options.dropout_lstm)
        self.hidden = nn.Linear(2 * size * block.positions(window_bp), options.hidden)
        self.relu = nn.ReLU()
        self.output = nn.Linear(options.hidden, n_outputs)

    def _head(self, features: Tensor) -> Tensor:
        h = features.transpose(1, 2).contiguous()  # (n, positions, channels)
        for layer in self.lstm:
            h = self.dropout_lstm(layer(h)[0])
        return self.output(self.relu(self.hidden(torch.flatten(h, 1))))


class CnnLstm(BlockArchitecture):
    """Two convolutional blocks, an LSTM along their positions, its last state into the output layer.

    With ``bidirectional`` the last states of both directions are joined.
    """

    name = "cnn_lstm"

    def __init__(self, options: CnnLstmOptions, window_bp: int, n_outputs: int = 2) -> None:
        super().__init__(options.model_dump(mode="json"), window_bp, n_outputs)
        blocks = options.blocks()
        self._build_blocks(blocks)
        self._size = options.lstm_hidden
        self._bidirectional = options.bidirectional
        directions = 2 if options.bidirectional else 1
        self.lstm = nn.ModuleList(
            nn.LSTM(
                blocks[-1].filters if layer == 0 else directions * self._size,
                self._size,
                batch_first=True,
                bidirectional=options.bidirectional,
            )
            for layer in range(options.lstm_layers)
        )
        self.output = nn.Linear(directions * self._size, n_outputs)

    def _head(self, features: Tensor) -> Tensor:
        h = features.transpose(1, 2).contiguous()
        for layer in self.lstm:
            h = layer(h)[0]
        last = h[:, -1]
        if self._bidirectional:  # the backward direction ends at the first position
            last = torch.cat([last[:, : self._size], h[:, 0, self._size :]], dim=1)
        return self.output(last)
