"""The device policy: auto says what it took, cuda is never answered with a silent CPU run."""

from __future__ import annotations

import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_trainer.devices import choose


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the policy asks is there; nothing is computed on it."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device=None: "Test GPU")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)


@pytest.mark.usefixtures("no_gpu")
def test_auto_without_a_gpu_is_the_cpu_and_says_why() -> None:
    place = choose("auto", "auto")
    assert (place.name, place.amp, place.dtype) == ("cpu", "off", "float32")
    assert place.reason in ("auto: torch finds no GPU", "auto: this torch was built without GPU support")
    assert place.peak_memory_bytes() > 10_000_000


@pytest.mark.usefixtures("no_gpu")
def test_cuda_without_a_gpu_is_refused() -> None:
    with pytest.raises(UserError, match="device cuda was asked for") as caught:
        choose("cuda")
    assert caught.value.reason is Reason.DEVICE_UNAVAILABLE
    assert caught.value.violations[0].field == "device"


@pytest.mark.usefixtures("a_gpu")
def test_auto_with_a_gpu_takes_it() -> None:
    place = choose("auto", "auto")
    assert place.name == "cuda:0 Test GPU"
    assert place.amp == "bf16"
    assert choose("auto", "auto", paper=True).amp == "fp16"
    assert choose("cuda", "off").dtype == "float32"
    assert choose("cpu", "auto").device.type == "cpu"


def test_fp16_on_a_cpu_is_refused_and_bf16_allowed() -> None:
    with pytest.raises(UserError, match="fp16 needs a GPU"):
        choose("cpu", "fp16")
    with choose("cpu", "bf16").autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16
