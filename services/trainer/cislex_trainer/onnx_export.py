"""A torch module with a dynamic batch → one ONNX file, weights inside."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch
from cislex_models.base import Predictor
from cislex_models.wrappers import AsTuple

OPSET = 18
INPUT = "onehot"
# an example of one row lets the exporter take the batch size for a constant
EXAMPLE_BATCH = 2


def export_onnx(model: Predictor, window_bp: int, path: Path) -> None:
    """Write ``model`` (evaluation mode; (n, 4, window) → logits and its extras, by name) with a free batch dimension.

    The exporter's own check sees only the example's batch; ``parity.check`` is the one that counts.
    """
    module = AsTuple(model).eval()
    example = torch.zeros(EXAMPLE_BATCH, 4, window_bp)
    example[:, 0] = 1.0
    # it would log, once per process, that torchvision's operators are not there
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    # without gradients: the loop over an LSTM's steps cannot be traced with them
    with torch.no_grad(), warnings.catch_warnings():
        # both come from inside torch's exporter and copy library (torch 2.11 to 2.13) and concern no caller
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        # an LSTM lists its own parameters a second time; the exporter restores the list, and the gate reads the file
        warnings.filterwarnings("ignore", r"The tensor attributes .*_flat_weights", UserWarning)
        torch.onnx.export(
            module,
            (example,),
            path,
            dynamo=True,
            external_data=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=list(module.output_names),
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
