"""Writing a result folder: atomic, careful with what lies there, true to its tables."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cislex_client.attribution_file import kept_rows, write_attributions
from cislex_client.exit_codes import CommandError, UsageError
from cislex_client.results import check_target, is_result_folder, logo_name, replacing, write_results
from cislex_client.tables import read_rows, write_rows, write_tsv


def test_an_existing_result_is_replaced_at_once(tmp_path):
    target = tmp_path / "r"
    for text in ("first", "second"):
        with replacing(target) as staged:
            (staged / "run.json").write_text(json.dumps({"format": "cislex-run/1"}))
            (staged / text).write_text(text)
    assert sorted(p.name for p in target.iterdir()) == ["run.json", "second"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r"], "nothing temporary is left"


def test_a_failure_leaves_what_was_there(tmp_path):
    target = tmp_path / "r"
    target.mkdir()
    (target / "old").write_text("old")

    def write() -> None:
        with replacing(target) as staged:
            (staged / "new").write_text("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert [p.name for p in target.iterdir()] == ["old"]
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_a_full_disk_is_named_and_loses_nothing(tmp_path):
    with pytest.raises(CommandError, match="No space left") as caught, replacing(tmp_path / "r"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.code == 5
    assert caught.value.reason == "DISK_FULL"
    assert "finished steps are kept" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["{}", "[]", "nonsense", '{"format": "other"}'])
def test_only_our_own_folders_are_replaced_without_asking(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    assert not is_result_folder(tmp_path)
    with pytest.raises(UsageError, match="other files"):
        check_target(tmp_path)
    check_target(tmp_path, force=True)
    (tmp_path / "run.json").write_text('{"format": "cislex-run/1"}')
    check_target(tmp_path)
    check_target(tmp_path / "new" / "er")


def test_missing_files_of_an_artifact_are_left_out(tmp_path, artifact_makers):
    source, target = tmp_path / "model", tmp_path / "r"
    source.mkdir()
    target.mkdir()
    artifact_makers["model"](source)
    (source / "training.json").unlink()
    entries = write_results(target, {"train": source})
    assert [entry["path"] for entry in entries] == ["history.tsv"]
    assert entries[0]["step"] == "train"
    assert entries[0]["size_bytes"] == (target / "history.tsv").stat().st_size


def test_tables_round_trip_as_text(tmp_path):
    table = pa.table({
        "text": ["a\tb", "line\nend", None], "number": [0.1, float("nan"), 1e-300], "flag": [True, None, False],
        "list": [["x", "y"], [], None], "count": [1, None, 1 << 40],
    })  # fmt: skip
    assert write_tsv(table, tmp_path / "t.tsv") == 3
    rows = read_rows(tmp_path / "t.tsv")
    assert rows[0] == {"text": "a b", "number": "0.1", "flag": "true", "list": "x,y", "count": "1"}
    assert rows[1] == {"text": "line end", "number": "", "flag": "", "list": "", "count": ""}
    assert float(rows[2]["number"]) == 1e-300
    assert rows[2]["count"] == str(1 << 40)


def test_an_empty_table_keeps_its_header(tmp_path):
    write_tsv(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}), tmp_path / "t.tsv")
    assert (tmp_path / "t.tsv").read_text() == "a\tb\n"
    assert read_rows(tmp_path / "t.tsv") == []
    assert read_rows(tmp_path / "absent.tsv") == []
    write_rows([{"b": 1}], ["a", "b"], tmp_path / "u.tsv")
    assert (tmp_path / "u.tsv").read_text() == "a\tb\n\t1\n"


def test_attributions_are_capped_evenly(tmp_path, artifact_makers):
    for kind in ("attributions", "dataset"):
        (tmp_path / kind).mkdir()
        artifact_makers[kind](tmp_path / kind)
    (tmp_path / "attributions" / "manifest.json").write_text(
        json.dumps({"spec": {"seed_index": None}, "semantics": {"method": "saliency"}, "summary": {"target": "x"}})
    )
    write_attributions(tmp_path / "attributions", tmp_path / "dataset", tmp_path / "a.npz", cap_bytes=1)
    saved = np.load(tmp_path / "a.npz", allow_pickle=False)
    assert saved["rows"].tolist() == [1]
    meta = json.loads(str(saved["meta"]))
    assert meta == {
        "method": "saliency", "target": "x", "seed_index": None, "seeds": None, "n_total": 2, "capped": True,
    }  # fmt: skip


def test_kept_rows():
    assert kept_rows(3, 5).tolist() == [0, 1, 2]
    assert kept_rows(10, 4).tolist() == [0, 2, 5, 7]
    assert kept_rows(0, 4).tolist() == []
    assert len(set(kept_rows(1001, 1000).tolist())) == 1000


def test_logo_names_are_safe_file_names():
    assert logo_name("target", "MA0099.4") == "target.MA0099.4.svg"
    assert "/" not in logo_name("query", "../x/FOS::JUN")
    assert Path(logo_name("query", "a b")).name == "query.a_b.svg"


def test_no_motif_found_is_a_result(tmp_path, artifact_makers):
    from cislex_core.motif_files import write_motifs

    sources = {}
    for step in ("motifs_clusters", "motifs_sets", "compare"):
        sources[step] = tmp_path / step
        sources[step].mkdir()
    artifact_makers["motifs"](sources["motifs_sets"])
    write_motifs(sources["motifs_clusters"] / "motifs.meme", [])
    for name in ("queries.meme", "targets.meme"):
        write_motifs(sources["compare"] / name, [])
    (tmp_path / "r").mkdir()
    names = {entry["path"] for entry in write_results(tmp_path / "r", sources)}
    assert {"motifs.meme", "queries.meme"} <= names
    assert (tmp_path / "r" / "motifs.meme").read_text().count("\nMOTIF ") == 1
    del sources["motifs_sets"]
    write_motifs(tmp_path / "motifs_clusters" / "motifs.meme", [])
    assert "motifs.meme" in {entry["path"] for entry in write_results(tmp_path / "r", sources)}
