"""Losses: masked, weighted, and adding up over batches; against torch's own and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_trainer.losses import LOSSES_OF, LossName, Objective, choose_loss, objective_for
from cislex_trainer.scores import pearson, score
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr
from sklearn.metrics import average_precision_score
from torch import Tensor
from torch.nn import functional

TASKS = ["a", "b", "c"]


def _data(loss: LossName, n: int = 12, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, 3, generator=generator)
    if loss == "cross_entropy":
        return logits, torch.randint(0, 3, (n,), generator=generator)
    if loss == "bce":
        return logits, torch.randint(-1, 2, (n, 3), generator=generator).to(torch.int8)
    return logits, torch.randint(0, 6, (n, 3), generator=generator).float()


def _mean(objective: Objective, logits: Tensor, targets: Tensor) -> Tensor:
    return objective.total(logits, targets) / float(objective.weight(targets))


ALL: tuple[LossName, ...] = ("cross_entropy", "bce", "mse", "poisson", "pearson")


@pytest.mark.parametrize("balanced", [False, True])
def test_cross_entropy_is_torchs(balanced: bool) -> None:
    logits, y = _data("cross_entropy")
    found = objective_for("cross_entropy", "balanced" if balanced else "none", y.numpy(), TASKS)
    expected = functional.cross_entropy(logits, y, weight=found.weights)
    torch.testing.assert_close(_mean(found, logits, y), expected)
    if balanced:
        assert found.weights is not None
        counts = torch.bincount(y, minlength=3)
        assert (found.weights * counts).tolist() == pytest.approx([4.0] * 3)


def test_bce_is_the_mean_over_resolved_entries_only() -> None:
    logits, y = _data("bce")
    known = y >= 0
    expected = functional.binary_cross_entropy_with_logits(logits[known], y[known].float())
    torch.testing.assert_close(_mean(Objective("bce", 3), logits, y), expected)


def test_balanced_labels_weigh_each_tasks_positives() -> None:
    y = torch.tensor([[1, 0], [0, 1], [0, 1], [0, -1]], dtype=torch.int8)
    found = objective_for("bce", "balanced", y.numpy(), ["a", "b"])
    assert found.weights is not None
    assert found.weights.tolist() == [3.0, 0.5]
    logits = torch.zeros(4, 2)
    # log 2 each: task a 3·1 + 3, task b 0.5·2 + 1
    assert float(found.total(logits, y)) == pytest.approx((6 + 2) * np.log(2), rel=1e-6)


def test_mse_and_poisson_are_torchs() -> None:
    logits, y = _data("mse")
    torch.testing.assert_close(_mean(Objective("mse", 3), logits, y), functional.mse_loss(logits, y))
    expected = functional.poisson_nll_loss(logits, y, log_input=True, full=False)
    torch.testing.assert_close(_mean(Objective("poisson", 3), logits, y), expected)


def test_pearson_is_one_minus_scipys_and_leaves_out_flat_sequences() -> None:
    logits, y = _data("pearson")
    y[3] = 2.0
    expected = np.mean([1 - pearsonr(a, b)[0] for i, (a, b) in enumerate(zip(logits, y, strict=True)) if i != 3])
    assert float(_mean(Objective("pearson", 3), logits, y)) == pytest.approx(expected, abs=1e-5)


def test_pearson_of_a_flat_answer_has_a_finite_gradient() -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    Objective("pearson", 3).total(logits, torch.tensor([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[1].abs().sum() == 0


@pytest.mark.parametrize("loss", ALL)
def test_batches_add_up_to_the_whole(loss: LossName) -> None:
    logits, y = _data(loss)
    objective = Objective(loss, 3)
    parts = [slice(0, 5), slice(5, 6), slice(6, 12)]
    total = sum(float(objective.total(logits[p], y[p])) for p in parts)
    weight = sum(float(objective.weight(y[p])) for p in parts)
    assert total / weight == pytest.approx(float(_mean(objective, logits, y)), rel=1e-5)


@pytest.mark.parametrize("loss", ["bce", "pearson"])
def test_rows_that_say_nothing_add_nothing_and_are_no_nan(loss: LossName) -> None:
    logits = torch.randn(4, 3, requires_grad=True)
    y = torch.full((4, 3), -1, dtype=torch.int8) if loss == "bce" else torch.full((4, 3), 7.0)
    objective = Objective(loss, 3)
    total = objective.total(logits, y)
    total.backward()
    assert float(total.detach()) == 0.0
    assert int(objective.weight(y)) == 0
    assert logits.grad is not None
    assert logits.grad.abs().sum() == 0


@given(st.integers(0, 2**31 - 1), st.floats(-50, 50))
@settings(max_examples=25, deadline=None)
def test_what_is_said_of_unresolved_entries_changes_nothing(seed: int, other: float) -> None:
    logits, y = _data("bce", seed=seed)
    altered = torch.where(y == -1, torch.tensor(other), logits)
    gradients = []
    for values in (logits, altered):
        leaf = values.clone().requires_grad_()
        Objective("bce", 3).total(leaf, y).backward()
        assert leaf.grad is not None
        gradients.append(leaf.grad)
    assert torch.equal(gradients[0], gradients[1])
    assert (gradients[0][y == -1] == 0).all()
    torch.testing.assert_close(Objective("bce", 3).total(logits, y), Objective("bce", 3).total(altered, y))


def test_auto_is_the_first_loss_of_each_target() -> None:
    assert {kind: choose_loss("auto", kind) for kind in LOSSES_OF} == {
        "class_index": "cross_entropy", "multilabel": "bce", "regression": "mse",
    }  # fmt: skip


@pytest.mark.parametrize(
    "asked, kind", [("bce", "class_index"), ("mse", "multilabel"), ("cross_entropy", "regression")]
)
def test_a_loss_for_other_targets_is_refused(asked: str, kind: str) -> None:
    with pytest.raises(UserError, match=f"loss {asked} does not serve {kind} targets; use ") as caught:
        choose_loss(asked, kind)  # type: ignore[arg-type]
    assert caught.value.reason is Reason.INVALID_REQUEST
    assert caught.value.violations[0].field == "loss"


def test_what_a_loss_needs_is_asked_for() -> None:
    values = np.array([[1.0, 2.0], [0.5, -0.25]], dtype=np.float32)
    with pytest.raises(UserError, match=r"task b holds -0\.25; use loss mse"):
        objective_for("poisson", "none", values, ["a", "b"])
    with pytest.raises(UserError, match="the dataset has one; use loss mse"):
        objective_for("pearson", "none", values[:, :1], ["a"])
    with pytest.raises(UserError, match="class_weights balanced needs classes") as caught:
        objective_for("mse", "balanced", values, ["a", "b"])
    assert caught.value.violations[0].field == "class_weights"


def test_scores_are_means_of_what_is_defined() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(50, 3)).astype(np.float32)
    labels = rng.integers(-1, 2, (50, 3)).astype(np.int8)
    labels[:, 2] = -1
    known = [labels[:, t] >= 0 for t in range(2)]
    expected = np.mean([average_precision_score(labels[k, t], logits[k, t]) for t, k in enumerate(known)])
    assert score("bce", logits, labels) == pytest.approx(expected)
    assert score("bce", logits, np.full_like(labels, -1)) is None
    values = rng.normal(size=(50, 3))
    assert score("mse", logits, values) == pytest.approx(
        np.mean([pearsonr(logits[:, t], values[:, t])[0] for t in range(3)]), abs=1e-6
    )
    across = np.mean([pearsonr(a, b)[0] for a, b in zip(logits, values, strict=True)])
    assert score("pearson", logits, values) == pytest.approx(across, abs=1e-6)
    assert score("cross_entropy", logits, logits.argmax(1)) == 1.0
    assert np.isnan(pearson(np.full((5, 1), 0.1), rng.normal(size=(5, 1)), 0)).all()
