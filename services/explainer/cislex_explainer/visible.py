"""Every non-linearity of a network in the sight of DeepLIFT.

tangermeme's rules hang on modules (``nn.ReLU``, ``nn.MaxPool1d``, ``nn.Softmax``, ``BilinearOp``, …); an operation that
is a function call (``torch.relu``, ``torch.exp``, a product of two activations, an LSTM's cell) has nothing to hang a
rule on, is taken as linear, and the attributions do not add up. ``Visible`` runs a network as it is, catches such calls
on their way and sends each through a module that computes the same value and carries the rule: the rescale rule for
functions of one number, the pooling rule for maxima, the midpoint rule for products. LSTMs and attention are taken
apart into these. What is not known here stays as it is; the convergence gate catches it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from tangermeme._deep_lift_utils import _nonlinear as rescale
from tangermeme.deep_lift_shap import BilinearOp
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

_ELEMENTWISE = {
    "relu", "exp", "sigmoid", "tanh", "softplus", "gelu", "elu", "silu", "leaky_relu", "selu", "relu6", "hardtanh",
    "log", "log1p", "expm1", "sqrt", "rsqrt", "square", "reciprocal", "abs", "pow", "clamp", "clamp_min", "clamp_max",
}  # fmt: skip
_PRODUCTS = {"mul": "...,...->...", "multiply": "...,...->...", "__mul__": "...,...->...", "matmul": None, "bmm": None,
             "__matmul__": None, "einsum": "given"}  # fmt: skip
_QUOTIENTS = {"div", "divide", "true_divide", "__truediv__"}
_POOLS: dict[str, type[nn.Module]] = {"max_pool1d": nn.MaxPool1d, "max_pool2d": nn.MaxPool2d}
_MAXIMA = {"amax", "max", "adaptive_max_pool1d"}


class Elementwise(nn.Module):
    """A function of one number, applied to each: ``function(x, *rest)``. DeepLIFT's rescale rule holds for it."""

    def __init__(
        self, function: Callable[..., Tensor], rest: tuple[Any, ...] = (), named: dict[str, Any] | None = None
    ):
        super().__init__()
        self.function, self.rest, self.named = function, rest, named or {}

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape → the same shape."""
        return self.function(x, *self.rest, **self.named)


#: Rules beside tangermeme's own; given to it as ``additional_nonlinear_ops``.
RULES: dict[type[nn.Module], Callable[..., tuple[Tensor, ...]]] = {Elementwise: rescale}


class Visible(nn.Module):
    """``model`` with its functional non-linearities as modules; (n, 4, L), weights (n, outputs) → (n, 1).

    The value is the weighted sum of the logits. The modules appear when an input first passes (``look``), and have to
    be there before DeepLIFT's hooks are hung: call ``look`` once.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.operations = nn.ModuleDict()

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """(n, 1): the sum over outputs of weights × logits."""
        with _Routed(self.operations):
            logits = self.model(x)
        return (logits * weights).sum(dim=1, keepdim=True)

    def look(self, x: Tensor) -> Visible:
        """Find the operations on x (n, 4, L); answers itself."""
        with torch.enable_grad(), _Routed(self.operations):
            self.model(x.detach().requires_grad_(True))
        return self


class _Routed(TorchFunctionMode):
    """Sends known functions of varying tensors through the modules of ``operations``, made at first need."""

    def __init__(self, operations: nn.ModuleDict) -> None:
        super().__init__()
        self.operations = operations

    def __torch_function__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        handler = _HANDLERS.get(name)
        if handler is None and name.endswith("_") and not name.endswith("__"):
            handler = _HANDLERS.get(name[:-1])
        if handler is None:
            return func(*args, **kwargs)
        result = handler(self, name.rstrip("_") if not name.startswith("__") else name, func, args, kwargs)
        return func(*args, **kwargs) if result is None else result

    def module(self, key: str, make: Callable[[], nn.Module]) -> nn.Module:
        """The module of this name, made when it is not there yet."""
        key = key.replace(".", "_")
        if key not in self.operations:
            self.operations[key] = make()
        return self.operations[key]

    def apply(self, name: str, x: Tensor, *rest: Any, **named: Any) -> Tensor:
        """An elementwise function through its module."""
        function = getattr(torch, name, None) or getattr(F, name)
        key = f"{name}{rest}{sorted(named.items())}"
        result: Tensor = self.module(key, lambda: Elementwise(function, rest, named))(x)
        return result

    def product(self, left: Tensor, right: Tensor, equation: str | None = "...,...->...") -> Tensor:
        """A product of two tensors; through a module only where both vary with the input."""
        if not (_varies(left) and _varies(right)):
            if equation is None:
                return torch.matmul(left, right)
            return left * right if equation.startswith("...") else torch.einsum(equation, left, right)
        if equation == "...,...->..." and left.shape != right.shape:
            left, right = torch.broadcast_tensors(left, right)
        result: Tensor = self.module(f"product {equation}", lambda: BilinearOp(equation))(left, right)
        return result

    def softmax(self, x: Tensor, dim: int) -> Tensor:
        """Softmax along ``dim`` through its module."""
        result: Tensor = self.module(f"softmax {dim}", lambda: nn.Softmax(dim))(x)
        return result

    def attend(self, query: Tensor, key: Tensor, value: Tensor, scale: float | None = None) -> tuple[Tensor, Tensor]:
        """Scaled dot-product attention of (n, heads, positions, depth) tensors: the mixture and the weights."""
        scale = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
        weights = self.softmax(self.product(query, key.transpose(-2, -1), None) * scale, -1)
        return self.product(weights, value, None), weights


def _varies(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _elementwise(mode: _Routed, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if not args or not _varies(args[0]) or any(isinstance(item, Tensor) for item in (*args[1:], *kwargs.values())):
        return None
    named = {key: item for key, item in kwargs.items() if key != "inplace"}
    rest = args[1:]
    if name in ("relu", "sigmoid", "tanh", "exp"):  # F.relu's second argument is inplace
        rest = ()
    return mode.apply(name, args[0], *rest, **named)


def _product(mode: _Routed, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if name == "einsum":
        if len(args) == 2 and isinstance(args[1], list | tuple):
            args = (args[0], *args[1])
        if len(args) != 3 or not (_varies(args[1]) and _varies(args[2])):
            return None
        return mode.product(args[1], args[2], args[0])
    if len(args) != 2 or kwargs or not (_varies(args[0]) and _varies(args[1])):
        return None
    return mode.product(args[0], args[1], _PRODUCTS[name])


def _quotient(mode: _Routed, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if len(args) != 2 or kwargs or not _varies(args[1]) or not isinstance(args[0], Tensor):
        return None
    return mode.product(args[0], mode.apply("reciprocal", args[1]))


def _pool(mode: _Routed, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
    named = dict(zip(names, args[1:], strict=False)) | {key: item for key, item in kwargs.items() if key != "input"}
    x = args[0] if args else kwargs["input"]
    if not _varies(x) or named.pop("return_indices", False):
        return None
    named = {key: item for key, item in named.items() if item is not None}
    return mode.module(f"{name} {sorted(named.items())}", lambda: _POOLS[name](**named))(x)


def _maximum(mode: _Routed, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The largest value along one axis, as a pooling over the whole of it."""
    x = args[0]
    if name == "adaptive_max_pool1d":
        size = args[1] if len(args) > 1 else kwargs.get("output_size")
        if size not in (1, (1,), [1]) or not _varies(x):
            return None
        return _largest(mode, x, x.dim() - 1).unsqueeze(-1)
    dim = args[1] if len(args) > 1 else kwargs.get("dim")
    if isinstance(dim, tuple | list):
        dim = dim[0] if len(dim) == 1 else None
    if not isinstance(dim, int) or not _varies(x) or dim % x.dim() == 0:
        return None
    keep = bool(args[2] if len(args) > 2 else kwargs.get("keepdim", False))
    values = _largest(mode, x, dim % x.dim())
    values = values.unsqueeze(dim) if keep else values
    if name == "amax":
        return values
    return torch.return_types.max((values, x.detach().argmax(dim=dim, keepdim=keep)))


def _largest(mode: _Routed, x: Tensor, dim: int) -> Tensor:
    """x without its axis ``dim`` (not the first): the largest values along it."""
    moved = x.movedim(dim, -1)
    length = moved.shape[-1]
    flat = moved.reshape(moved.shape[0], -1, length)
    pooled = mode.module(f"global max {length}", lambda: nn.MaxPool1d(length))(flat)
    result: Tensor = pooled.reshape(moved.shape[:-1])
    return result


def _softmax(mode: _Routed, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    dim = args[1] if len(args) > 1 else kwargs.get("dim")
    if not _varies(args[0]) or not isinstance(dim, int):
        return None
    return mode.softmax(args[0], dim)


def _attention(mode: _Routed, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if len(args) != 3 or any(kwargs.get(key) for key in ("attn_mask", "is_causal", "enable_gqa")):
        return None
    return mode.attend(*args, scale=kwargs.get("scale"))[0]


def _heads(mode: _Routed, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """nn.MultiheadAttention: query, key, value (positions, n, width), one projection for all three, no masks."""
    query, key, value, _, n_heads, weight, bias, bias_k, bias_v, zero, _, out_weight, out_bias = args[:13]
    masked = any(kwargs.get(name) is not None for name in ("key_padding_mask", "attn_mask"))
    if masked or weight is None or bias_k is not None or bias_v is not None or zero or query.dim() != 3:
        return None
    biases = (None, None, None) if bias is None else bias.chunk(3)
    parts = []
    for x, w, b in zip((query, key, value), weight.chunk(3), biases, strict=True):
        y = F.linear(x.transpose(0, 1), w, b)  # (n, positions, width)
        parts.append(y.unflatten(-1, (n_heads, -1)).transpose(1, 2))
    mixed, weights = mode.attend(*parts)
    result = F.linear(mixed.transpose(1, 2).flatten(2), out_weight, out_bias).transpose(0, 1)
    if not kwargs.get("need_weights", True):
        return result, None
    return result, weights.mean(1) if kwargs.get("average_attn_weights", True) else weights


def _lstm(mode: _Routed, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """An LSTM without projections, step by step; input (n, positions, width), or (positions, n, width)."""
    if len(args) != 9 or kwargs or args[0].dim() != 3 or not isinstance(args[1], list | tuple) or not _varies(args[0]):
        return None
    x, (h0, c0), weights, has_bias, n_layers, _, _, both_ways, batch_first = args
    n_ways, per_way = (2 if both_ways else 1), (4 if has_bias else 2)
    if len(weights) != n_layers * n_ways * per_way:
        return None
    h = x if batch_first else x.transpose(0, 1)
    lasts: list[tuple[Tensor, Tensor]] = []
    for layer in range(n_layers):
        ways = []
        for way in range(n_ways):
            at = layer * n_ways + way
            own = weights[at * per_way : (at + 1) * per_way]
            states, last = _one_way(mode, h.flip(1) if way else h, h0[at], c0[at], own)
            ways.append(states.flip(1) if way else states)
            lasts.append(last)
        h = torch.cat(ways, dim=-1)
    out = h if batch_first else h.transpose(0, 1)
    return out, torch.stack([last[0] for last in lasts]), torch.stack([last[1] for last in lasts])


def _one_way(
    mode: _Routed, x: Tensor, h: Tensor, c: Tensor, weights: list[Tensor]
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Hidden states (n, positions, hidden) of one direction of one layer, and the last (h, c)."""
    bias = weights[2] + weights[3] if len(weights) == 4 else None
    given = F.linear(x, weights[0], bias)
    states = []
    for t in range(x.shape[1]):
        i, f, g, o = (given[:, t] + F.linear(h, weights[1])).chunk(4, dim=1)
        i, f, o = (mode.apply("sigmoid", gate) for gate in (i, f, o))
        c = mode.product(f, c) + mode.product(i, mode.apply("tanh", g))
        h = mode.product(o, mode.apply("tanh", c))
        states.append(h)
    return torch.stack(states, dim=1), (h, c)


_HANDLERS: dict[str, Callable[[_Routed, str, Any, tuple[Any, ...], dict[str, Any]], Any]] = {
    **dict.fromkeys(_ELEMENTWISE, _elementwise),
    **dict.fromkeys(_PRODUCTS, _product),
    **dict.fromkeys(_QUOTIENTS, _quotient),
    **dict.fromkeys(_POOLS, _pool),
    **dict.fromkeys(_MAXIMA, _maximum),
    "softmax": _softmax,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _heads,
    "lstm": _lstm,
}
