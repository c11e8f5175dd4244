"""Errors of aborted calls fit the metadata that every client takes."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from cislex_core.errors import CislexError, Reason, UserError, Violation
from cislex_runtime.serving.status import TRAILER_BYTES, fit_trailers, read_status, to_status


def _bytes(error: CislexError) -> int:
    status = to_status(error)
    return len(quote(status.message)) + 4 * len(status.SerializeToString()) // 3


def test_a_small_error_passes_as_it_is() -> None:
    error = UserError(Reason.INVALID_REQUEST, "n is 0; give 1 or more", field="n", n=0)
    assert fit_trailers(error) is error


def test_of_many_violations_as_many_are_kept_as_fit_and_the_rest_is_counted() -> None:
    violations = [Violation(f"models[{i}]", f"the store does not hold {i:064x}; run it again") for i in range(200)]
    error = UserError(Reason.ARTIFACT_MISSING, "; ".join(v.description for v in violations), violations=violations)
    error.metadata["digest"] = "0" * 64
    fitted = fit_trailers(error)
    assert _bytes(error) > 3 * TRAILER_BYTES
    assert _bytes(fitted) <= TRAILER_BYTES
    reason, kept, metadata = read_status(to_status(fitted))
    assert reason == "ARTIFACT_MISSING"
    assert metadata == {"digest": "0" * 64}
    assert kept[:-1] == violations[: len(kept) - 1]
    assert len(kept) > 5
    assert kept[-1].description == f"and {200 - (len(kept) - 1)} more; mend these and ask again"


@pytest.mark.parametrize("letter", ["x", "é", "字"])
def test_one_huge_message_is_cut(letter: str) -> None:
    error = UserError(Reason.INVALID_TABLE, letter * 20_000, field="matrix")
    fitted = fit_trailers(error)
    assert fitted.message.startswith(letter * 60)
    assert fitted.message.endswith(" …")
    assert fitted.violations[0].field == "matrix"
    assert _bytes(fitted) < 8_000
