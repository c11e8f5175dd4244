"""Both strands as one, calibrated, several seeds: what they compute, for every architecture, and as ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from cislex_models.onehot import reverse_complement
from cislex_models.registry import info
from cislex_models.wrappers import AsTuple, Calibrated, Ensemble, StrandSymmetric

from tests.models.cases import N_OUTPUTS, SMALL, WINDOW, small_input, small_model

every = pytest.mark.parametrize("name", list(SMALL))


@every
def test_both_strands_get_the_same_answer(name: str) -> None:
    model = small_model(name, SMALL[name][0])
    symmetric, x = StrandSymmetric(model), small_input(9)
    with torch.no_grad():
        there = reverse_complement(x)
        assert not torch.allclose(model(x), model(there), atol=1e-5)
        torch.testing.assert_close(symmetric(x), symmetric(there), rtol=0, atol=1e-6)
        torch.testing.assert_close(symmetric(x), (model(x) + model(there)) / 2, rtol=0, atol=1e-6)
        logits, extras = symmetric.forward_with_extras(x)
        if info(name).has_units:  # additive still
            expected = extras["unit_outputs"] @ model.output_weight.T + model.output_bias  # type: ignore[operator,union-attr]
            torch.testing.assert_close(logits, expected, rtol=0, atol=1e-5)


@every
@pytest.mark.parametrize("temperature", [2.5, [0.5, 1.0, 4.0]])
def test_temperatures_divide_the_logits_and_nothing_else(name: str, temperature: float | list[float]) -> None:
    model, x = small_model(name, SMALL[name][0]), small_input(5)
    calibrated = Calibrated(model, temperature)
    with torch.no_grad():
        logits, extras = calibrated.forward_with_extras(x)
        torch.testing.assert_close(logits, model(x) / torch.tensor(temperature), rtol=1e-6, atol=1e-6)
        for key, value in model.forward_with_extras(x)[1].items():
            assert torch.equal(extras[key], value)
    assert calibrated.state_dict()["temperature"].dtype == torch.float32


@pytest.mark.parametrize("temperature", [0.0, -1.0, [1.0, 2.0], [1.0, 0.0, 1.0]])
def test_temperatures_that_are_none(temperature: float | list[float]) -> None:
    with pytest.raises(ValueError, match=f"one positive temperature, or {N_OUTPUTS} of them"):
        Calibrated(small_model("cnn1", SMALL["cnn1"][0]), temperature)


@every
def test_an_ensemble_averages_logits_and_attention_and_joins_the_rest(name: str) -> None:
    models = [small_model(name, SMALL[name][0], seed=seed) for seed in (1, 2, 3)]
    x = small_input(4)
    with torch.no_grad():
        logits, extras = Ensemble(models).forward_with_extras(x)
        each = [model.forward_with_extras(x) for model in models]
    torch.testing.assert_close(logits, torch.stack([one[0] for one in each]).mean(0))
    for key in models[0].extra_outputs:
        parts = [one[1][key] for one in each]
        expected = torch.stack(parts).mean(0) if key == "attention" else torch.cat(parts, 1)
        assert torch.equal(extras[key], expected)


@pytest.mark.parametrize("name", ["explainn", "wtko_cnn"])
def test_wrappers_of_wrappers_leave_as_onnx(name: str, tmp_path: Path) -> None:
    from cislex_trainer import parity
    from cislex_trainer.onnx_export import export_onnx

    models = [small_model(name, SMALL[name][0], seed=seed) for seed in (0, 1)]
    wrapped = Calibrated(StrandSymmetric(Ensemble(models)), [0.5, 1.0, 2.0]).eval()
    assert AsTuple(wrapped).output_names == ("logits", *models[0].extra_outputs)
    export_onnx(wrapped, WINDOW, tmp_path / "model.onnx")
    real = np.random.default_rng(1).integers(0, 4, (17, WINDOW)).astype(np.uint8)
    assert parity.check(tmp_path / "model.onnx", wrapped, real, tolerance=1e-4)["max_abs_difference"] < 1e-4
