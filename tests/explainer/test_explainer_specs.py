"""Specs: defaults that hang on each other, bounds, and the API process staying light."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from cislex_core.tasks import cache_key
from cislex_explainer.specs import SPECS, ComputeAttributionsSpec, ExplainFiltersSpec, ExtractKmersSpec
from pydantic import ValidationError

D = "ab" * 32


def _attributions(**fields: Any) -> ComputeAttributionsSpec:
    return ComputeAttributionsSpec(model=D, dataset=D, **fields)


def test_defaults_hang_together() -> None:
    assert _attributions().target is None  # the dataset decides
    assert _attributions(outputs=["a"]).target == "output"
    assert _attributions(protocol="paper").target == "predicted"
    assert _attributions(protocol="paper", target="wt_minus_ko").target == "wt_minus_ko"
    assert [_attributions(method=m).gradient_correction for m in ("saliency", "input_x_gradient")] == [False, True]
    kmers = [ExtractKmersSpec(attributions=D, dataset=D, kmer_protocol=p) for p in ("default", "eq3", "code")]
    assert [(spec.k, spec.min_distance) for spec in kmers] == [(20, 10), (13, 0), (12, 0)]
    assert ExtractKmersSpec(attributions=D, dataset=D, k=7).min_distance == 3


def test_a_default_spelled_out_is_the_same_request() -> None:
    info = SPECS["explainer.ComputeAttributions"]
    spelled = _attributions(gradient_correction=False, split="test")
    assert cache_key("explainer.ComputeAttributions", info, _attributions()) == cache_key(
        "explainer.ComputeAttributions", info, spelled
    )


@pytest.mark.parametrize(
    "spec, fields",
    [
        (ComputeAttributionsSpec, {"steps": 1}),
        (ComputeAttributionsSpec, {"steps": 1001}),
        (ComputeAttributionsSpec, {"seed_index": -1}),
        (ComputeAttributionsSpec, {"batch_size": 0}),
        (ComputeAttributionsSpec, {"method": "deep_lift"}),
        (ComputeAttributionsSpec, {"n_baselines": 0}),
        (ComputeAttributionsSpec, {"colour": "red"}),
        (ExplainFiltersSpec, {"threshold": 0.0}),
        (ExplainFiltersSpec, {"threshold": 1.0}),
        (ExplainFiltersSpec, {"max_effect_sequences": 1}),
        (ExplainFiltersSpec, {"group_similarity": 1.1}),
    ],
)
def test_values_out_of_bounds_are_refused(spec: type, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        spec(model=D, dataset=D, **fields)


@pytest.mark.parametrize("fields", [{"k": 0}, {"top_n": 0}, {"min_distance": -1}, {"k_rank": 11}, {"k_rank": 3}])
def test_kmer_bounds(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        ExtractKmersSpec(attributions=D, dataset=D, **fields)


def test_the_api_process_stays_light() -> None:
    code = (
        "import sys, cislex_explainer.servicer; "
        "print([m for m in ('torch', 'scipy', 'sklearn', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
