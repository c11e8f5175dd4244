"""What a server tells jobs on other machines through their environment: all that they need, and no secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cislex_core.input_limits import input_limits
from cislex_core.settings import Settings
from cislex_runtime.engines.choice import PASSED_ON, job_environment
from cislex_runtime.working import shards

SECRET = re.compile("KEY|TOKEN|PASSWORD|SECRET|LEDGER|CREDENTIAL|HEADERS")


def test_everything_that_is_named_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(PASSED_ON):
        monkeypatch.setenv(name, str(number))
    passed = job_environment(Settings(home=tmp_path, store_dir=tmp_path / "store"))
    assert passed == {"CISLEX_STORE_DIR": str(tmp_path / "store"), **{n: str(i) for i, n in enumerate(PASSED_ON)}}
    assert {"CISLEX_FAN_OUT", "CISLEX_SPREAD", "CISLEX_OTEL_ENDPOINT", "CISLEX_LOG_FORMAT"} < set(passed)
    assert not [name for name in passed if SECRET.search(name)]


def test_limits_of_inputs_hold_where_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: object
) -> None:
    monkeypatch.setenv("CISLEX_MAX_LINES", "17")
    monkeypatch.setenv("CISLEX_MAX_HEAVY", "3")  # a setting of the server itself
    passed = job_environment(Settings(home=tmp_path))
    assert "CISLEX_MAX_HEAVY" not in passed
    monkeypatch.delenv("CISLEX_MAX_LINES")
    for name, value in passed.items():
        monkeypatch.setenv(name, value)
    input_limits.cache_clear()
    assert input_limits().lines == 17


@pytest.mark.parametrize(
    ("spread", "gpu", "where"),
    [("auto", False, "nodes"), ("auto", True, "row"), ("ray", True, "nodes"), ("local", False, "beside")],
)
def test_shards_of_a_ray_job_do_not_wait_for_a_gpu_that_it_holds(
    spread: str, gpu: bool, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CISLEX_FAN_OUT", "2")
    monkeypatch.setenv("CISLEX_SPREAD", spread)
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")
    assert shards.where(shards.Work("m:C", None, {}, gpu=gpu), 8) == where
    assert shards.where(shards.Work("m:C", None, {}, gpu=gpu), 1) == "row", "one shard is left"
