"""Published ExplaiNN weights → this package's ``explainn``.

The published networks convolve in groups over a repeated sequence. Their parameters by name, U units, K filter width, H
nodes, P pooled positions (the layout of github.com/wassermanlab/ExplaiNN):

- ``linears.0`` convolution (U, 4, K), ``linears.1`` its batch norm, ``final`` (outputs, U);
- one layer: ``linears.6`` (U, P, 1), ``linears.7`` batch norm;
- two: ``linears.6`` (U·H, P, 1), ``linears.7``, ``linears.10`` (U, H, 1), ``linears.11``;
- more: ``linears.6``, ``linears.7``, then ``linears_bg.<i>.1`` (U·H, H, 1) with ``linears_bg.<i>.2``, and
  ``last_linear.1`` (U, H, 1) with ``last_linear.2``.

Row u·H + h belongs to node h of unit u. A last axis of one may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from cislex_core.errors import first_line
from torch import Tensor

from cislex_models.channels import permute_input_channels
from cislex_models.explainn import Explainn
from cislex_models.registry import build, check_options
from cislex_models.weight_files import read_tensors, refused

_WRAPPERS = ("module.", "model.")
_NORM = ("weight", "bias", "running_mean", "running_var")


def import_explainn(
    path: Path, window_bp: int, options: Mapping[str, Any] | None = None, channel_order: str = "ACGT"
) -> Explainn:
    """The network of a checkpoint file, on the CPU, in evaluation mode. See ``read_weights`` and ``convert``."""
    return convert(read_weights(path), window_bp, options, channel_order)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, by the names they have in the published network; see ``weight_files.read_tensors``."""
    tensors = read_tensors(path)
    while tensors and (wrapper := next((w for w in _WRAPPERS if all(n.startswith(w) for n in tensors)), None)):
        tensors = {name.removeprefix(wrapper): value for name, value in tensors.items()}
    return tensors


def convert(
    weights: Mapping[str, Tensor], window_bp: int, options: Mapping[str, Any] | None = None, channel_order: str = "ACGT"
) -> Explainn:
    """The same network from weights in the published layout, in evaluation mode.

    Sizes are read from the weights. ``options`` may say what they cannot show (``pool_size``, ``pool_stride``,
    ``activation``, ``dropout``) and must not contradict them. ``channel_order``: see ``permute_input_channels``. Raises
    INVALID_REQUEST for missing or unknown weights, contradictions, and a window whose pooled positions are others.
    """
    source = _Source(weights)
    sizes = source.sizes()
    given = dict(options or {})
    checked = check_options("explainn", given)
    if wrong := [name for name in sizes if name in given and getattr(checked, name) != sizes[name]]:
        told = ", ".join(f"{name} is {sizes[name]}, not {given[name]}" for name in wrong)
        raise refused(f"the options do not describe these weights: {told}; leave them out", "options")
    n_outputs = source.sides("final.weight", 2)[0]
    with torch.device("meta"):  # no memory is taken before it is known that the file fills it
        sketch = build("explainn", window_bp, {**given, **sizes}, n_outputs)
    assert isinstance(sketch, Explainn)
    _check_positions(sketch, source)
    if (needed := sum(p.numel() for p in sketch.parameters())) > source.n_values:
        raise refused(f"the shapes of the weights do not fit together: {needed:,} values are needed, the file has "
                      f"{source.n_values:,}")  # fmt: skip
    model = build("explainn", window_bp, {**given, **sizes}, n_outputs)
    assert isinstance(model, Explainn)
    ours = model.state_dict()
    try:
        theirs = source.state(sizes["fc_layers"], channel_order)
        model.load_state_dict({**ours, **{name: value.reshape(ours[name].shape) for name, value in theirs.items()}})
    except (RuntimeError, IndexError) as error:
        raise refused(f"the shapes of the weights do not fit together: {first_line(error)}") from None
    source.check_all_taken()
    return model.eval()


class _Source:
    """The published weights, and which of them were used."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._weights = weights
        self._taken: set[str] = set()
        self.n_values = sum(tensor.numel() for tensor in weights.values())

    def take(self, name: str) -> Tensor:
        """Float32 values, or INVALID_REQUEST naming what is missing."""
        if name not in self._weights:
            raise refused(
                f"the weights lack {name!r}, so they are not in ExplaiNN's published layout (found: "
                f"{', '.join(sorted(self._weights)[:6])}…)"
            )
        self._taken.add(name)
        return self._weights[name].detach().float()

    def sizes(self) -> dict[str, int]:
        """units, kernel_size, fc_layers and, where there are hidden layers, hidden."""
        units, letters, width = self.sides("linears.0.weight", 3)
        if letters != 4:
            raise refused(f"linears.0.weight must have shape (units, 4, width), got {(units, letters, width)}")
        sizes = {"units": units, "kernel_size": width, "fc_layers": self._fc_layers()}
        if sizes["fc_layers"] > 1:
            sizes["hidden"] = self.sides("linears.6.weight", 2)[0] // units
        return sizes

    def sides(self, name: str, n: int) -> tuple[int, ...]:
        """The shape of a weight that must have ``n`` sides or more (``n`` exactly from three on), none of them 0."""
        shape = tuple(self.take(name).shape)
        if len(shape) < n or (n == 3 and len(shape) != n) or 0 in shape:
            raise refused(f"{name} has the shape {shape}; {n} sides are needed, none of them 0")
        return shape

    def _fc_layers(self) -> int:
        if "last_linear.1.weight" in self._weights:
            return 2 + len({name.split(".")[1] for name in self._weights if name.startswith("linears_bg.")})
        return 2 if "linears.10.weight" in self._weights else int("linears.6.weight" in self._weights)

    def pooled_positions(self) -> int:
        """P: inputs of each unit's first layer."""
        return self.sides("linears.6.weight", 2)[1]

    def state(self, fc_layers: int, channel_order: str) -> dict[str, Tensor]:
        """Our names → values (the last step is a reshape to our shapes)."""
        first = permute_input_channels(self.take("linears.0.weight"), channel_order)
        units = first.shape[0]
        state = {"conv.weight": first, "conv.bias": self.take("linears.0.bias"), **self._norm("linears.1", "norm")}
        for i, (linear, norm) in enumerate(_layer_names(fc_layers)):
            weight = self.take(f"{linear}.weight").flatten(1)  # (units · outputs, inputs)
            rows = weight.view(units, -1, weight.shape[1])
            state[f"layers.{i}.linear.weight"] = rows.transpose(1, 2)
            state[f"layers.{i}.linear.bias"] = self.take(f"{linear}.bias").view(units, -1)
            state.update(self._norm(norm, f"layers.{i}.norm"))
        return {**state, "output.weight": self.take("final.weight"), "output.bias": self.take("final.bias")}

    def _norm(self, theirs: str, ours: str) -> dict[str, Tensor]:
        self._taken.add(f"{theirs}.num_batches_tracked")
        return {f"{ours}.{part}": self.take(f"{theirs}.{part}") for part in _NORM}

    def check_all_taken(self) -> None:
        """Weights that mean nothing here would be left out silently: refuse them."""
        if unknown := sorted(set(self._weights) - self._taken):
            raise refused(f"the weights hold {', '.join(unknown[:6])}, which ExplaiNN's published layout does not have")


def _layer_names(fc_layers: int) -> list[tuple[str, str]]:
    """(convolution, batch norm) of each layer of the units."""
    if fc_layers == 0:
        return []
    first = [("linears.6", "linears.7")]
    if fc_layers <= 2:
        return first + [("linears.10", "linears.11")] * (fc_layers - 1)
    middle = [(f"linears_bg.{i}.1", f"linears_bg.{i}.2") for i in range(fc_layers - 2)]
    return [*first, *middle, ("last_linear.1", "last_linear.2")]


def _check_positions(model: Explainn, source: _Source) -> None:
    if not model.layers:
        return
    expected, found = source.pooled_positions(), model.layers[0].linear.weight.shape[1]  # type: ignore[union-attr,index]
    if expected != found:
        pool, stride = int(model.pool.kernel_size[1]), int(model.pool.stride[1])  # type: ignore[index]
        shortest = (expected - 1) * stride + pool + model.conv.kernel_size[0] - 1
        raise refused(
            f"these weights read {expected} pooled positions, a window of {model.window_bp} bp gives {found}; with "
            f"pool size {pool} and stride {stride} they were trained on {shortest} to {shortest + stride - 1} bp",
            "window_bp",
        )
