"""Small option sets of every architecture, for the suite that all of them pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from cislex_models.base import Architecture
from cislex_models.onehot import one_hot
from cislex_models.registry import build

WINDOW = 80
N_OUTPUTS = 3

_PARTS = [
    {"architecture": "explainn", "options": {"units": 10, "fc_layers": 0}, "window_bp": 60, "n_outputs": 12},
    {
        "architecture": "danq",
        "options": {"filters": 5, "lstm_hidden": 4, "hidden": 6, "lstm_layers": 1},
        "window_bp": 100,
        "n_outputs": 3,
        "outputs": [2, 0],
        "activation": "sigmoid",
    },
]
_ENCODER = {"heads": 2, "feed_forward": 16, "hidden": 12}

# the first of each is also exported; an architecture that joins the registry names its variants here
SMALL: dict[str, list[dict[str, Any]]] = {
    "wtko_cnn": [{}, {"batch_norm": True}, {"padding": "same"}, {"kernel_size": 7, "pool_size": 3, "filters": 12}],
    "cnn4": [
        {"filters": 8, "filters_2": 10, "filters_3": 10, "filters_4": 12, "kernel_size": 5, "kernel_size_deep": 3},
        {"filters": 8, "filters_2": 8, "kernel_size": 7, "kernel_size_deep": 2, "hidden": 16},
    ],
    "cnn_lstm": [
        {"filters": 12, "filters_2": 16, "lstm_hidden": 12},
        {"filters": 12, "filters_2": 16, "lstm_hidden": 12, "lstm_layers": 2, "bidirectional": True},
    ],
    "transformer": [
        {"channels": 16, "layers": 2, "token_bp": 6, **_ENCODER},
        {"channels": 16, "layers": 1, "token_bp": 1, **_ENCODER},
    ],
    "cnn_transformer": [{"filters": 12, "filters_2": 16, "layers": 2, **_ENCODER}],
    "explainn": [
        {"units": 12, "hidden": 9},
        {"units": 12, "fc_layers": 0},
        {"units": 12, "fc_layers": 1, "activation": "relu", "pool_size": 5, "pool_stride": 3},
        {"units": 12, "fc_layers": 3, "hidden": 8, "kernel_size": 8},
        {"units": 12, "hidden": 9, "frozen_filters": True},
    ],
    "unit_transfer": [{"parts": _PARTS, "head": "nam", "hidden": 7}, {"parts": _PARTS, "head": "linear"}],
    "cnn1": [{"filters": 10, "hidden": 20}],
    "cnn1_exp": [{"filters": 10, "hidden": 20}, {"filters": 10, "hidden": 20, "pool_size": 3}],
    "deep_cnn": [
        {"filters": 10, "filters_2": 12, "filters_3": 12, "hidden": 20, "kernel_size": 11, "pool_size": 2},
        {"filters": 8, "filters_2": 8, "filters_3": 8, "hidden": 20, "kernel_size": 9, "activation": "exp"},
    ],
    "danq": [
        {"filters": 12, "lstm_hidden": 8, "hidden": 16, "pool_size": 7},
        {"filters": 12, "lstm_hidden": 8, "hidden": 16, "lstm_layers": 1},
    ],
    "deepstarr": [{"filters": 12, "filters_2": 8, "filters_3": 8, "filters_4": 10, "hidden": 16}],
    "ai_tac": [{"filters": 12, "filters_2": 10, "filters_3": 10, "hidden": 16}],
}


def small_input(n: int, window: int = WINDOW, seed: int = 0) -> torch.Tensor:
    """One-hot (n, 4, window) of random letters with every fifth an N."""
    codes = np.random.default_rng(seed).integers(0, 5, (n, window)).astype(np.uint8)
    return one_hot(torch.from_numpy(codes))


def small_model(name: str, options: dict[str, Any], window: int = WINDOW, seed: int = 3) -> Architecture:
    """In evaluation mode, with running statistics that are not those of a fresh batch norm."""
    model = build(name, window, options, N_OUTPUTS, seed=seed)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for _ in range(3):
            model(small_input(32, window, seed=9))
    return model.eval()


def without_dropout(options: dict[str, Any], name: str) -> dict[str, Any]:
    """The same options, every dropout 0."""
    off: dict[str, Any] = {"dropout": 0.0}
    if name == "danq":
        off["dropout_lstm"] = 0.0
    if name in ("transformer", "cnn_transformer"):
        off["dropout_attention"] = 0.0
    if name == "transformer":
        del off["dropout"]
    return {**options, **off}
