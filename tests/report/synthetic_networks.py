"""Result folders of `run explainn` and `run compare` of synthetic test data, by the rules of docs/formats.md.

Every number is made up; nothing here is a result.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from synthetic_parts import MATCH_COLUMNS, write_tsv

NETWORK_STEPS = {"refinement", "units", "compare_units", "projection", "families", "scores", "comparison"}
MATRICES = {"CTCF": "CCACCAGGGGGCGC", "SPIB": "AAAAAGAGGAAGTGA", "none": "ACGTTGCA"}
TASKS = [f"cell_{i}" for i in range(24)]
LINEAGES = ["B", "T", "myeloid", "stem"]


def write_explainn(path: Path, outputs: list[str], seeds: int = 2) -> Path:
    """``outputs``: ["KO", "WT"], or the names of tasks, which then have lineages."""
    path.mkdir(parents=True)
    rng = np.random.default_rng(5)
    two = set(outputs) == {"WT", "KO"}
    _dataset(path, rng, outputs if two else [])
    _training(path, seeds, two)
    _metrics(path, outputs, two, seeds)
    ids = [f"s{seed}_u{i}" for seed in range(seeds) for i in range(len(MATRICES))]
    _units(path, rng, ids, outputs, grouped=not two)
    _families(path, ids)
    steps = ["dataset", "train", "evaluate", "units", "compare_units", "projection", "families"]
    if two:
        _scores(path)
        steps.append("scores")
    classes = [{"name": name, "n_rows": 60} for name in outputs] if two else []
    tasks = [] if two else [{"name": name} for name in outputs]
    _run(path, "explainn", steps, {"n_rows": 120, "window_bp": 100, "classes": classes, "tasks": tasks})
    return path


def write_compare(path: Path) -> Path:
    """Three architectures, two of which cannot be told apart."""
    path.mkdir(parents=True)
    rng = np.random.default_rng(6)
    _dataset(path, rng, ["KO", "WT"])
    names = ["explainn", "wtko_cnn", "transformer"]
    values = {"explainn": 0.95, "wtko_cnn": 0.94, "transformer": 0.71}
    columns = ["name", "architecture", "n_parameters", "seconds", "n_seeds", "rank"]
    metrics = ["auroc", "auprc", "accuracy", "precision_WT", "recall_WT", "f1_WT"]
    full = [*columns, *(m + part for m in metrics for part in ("", "_low", "_high", "_mean", "_sd"))]
    rows = [
        [name, name, 1000 * (i + 1), 12.5 * (i + 1), 3, i + 1,
         *(v for _ in metrics for v in (values[name], values[name] - 0.02, values[name] + 0.02, values[name], 0.01))]
        for i, name in enumerate(names)
    ]  # fmt: skip
    write_tsv(path / "models.tsv", full, rows)
    seeds = [[name, seed, values[name] + 0.01 * (seed - 1)] for name in names for seed in range(3)]
    write_tsv(path / "model_seeds.tsv", ["name", "seed", "auroc"], seeds)
    pairs = [("wtko_cnn", "explainn", -0.01, -0.03, 0.01, 0.4), ("transformer", "explainn", -0.24, -0.3, -0.2, 0.002)]
    write_tsv(
        path / "differences.tsv", ["a", "b", "metric", "difference", "low", "high", "pvalue", "qvalue"],
        [[a, b, "auroc", d, low, high, q / 2, q] for a, b, d, low, high, q in pairs],
    )  # fmt: skip
    classes = [{"name": name, "n_rows": 60} for name in ("KO", "WT")]
    _run(path, "compare", ["dataset", "comparison"], {"n_rows": 120, "window_bp": 100, "classes": classes})
    return path


def _dataset(path: Path, rng: np.random.Generator, classes: list[str]) -> None:
    rows = []
    for i in range(120):
        split = ("train", "train", "validation", "test")[i % 4]
        name = classes[i % 2] if classes else None
        rows.append([i, name, f"seq{i}", f"chr{1 + i % 5}", i * 1000, i * 1000 + 100, split])
    write_tsv(path / "dataset.tsv", ["row", "set", "name", "chrom", "start", "end", "split"], rows)
    ledger = [["kept", classes[i % 2] if classes else None] for i in range(120)]
    write_tsv(path / "drops.tsv", ["status", "set"], [*ledger, ["duplicate", classes[0] if classes else None]])
    (path / "preflight.json").write_text(json.dumps({"warnings": [], "aliases": {}}))
    names = classes or ["all"]
    sets = [{"set": name, "split": "all", "counts": rng.binomial(60, 0.2, 50).tolist()} for name in names]
    distances = [{"set_a": names[0], "set_b": names[-1], "split": "all", "ks": 0.21}]
    (path / "gc.json").write_text(json.dumps({"bin_width": 0.02, "sets": sets, "distances": distances}))
    leak = [[3, 4, "train", "test", "reverse_complement", 1.0], [5, 6, "train", "validation", "similar", 0.93]]
    write_tsv(path / "leakage.tsv", ["row_a", "row_b", "split_a", "split_b", "kind", "overlap"], leak)


def _training(path: Path, seeds: int, two: bool) -> None:
    part = "accuracy" if two else "score"
    rows = [[s, e, 1 / e, 0.6 + e / 30, 1.1 / e, 0.6 + e / 40, 0.5, e == 9] for s in range(seeds) for e in range(1, 11)]
    columns = [
        "seed",
        "epoch",
        "train_loss",
        f"train_{part}",
        "validation_loss",
        f"validation_{part}",
        "seconds",
        "chosen",
    ]
    write_tsv(path / "history.tsv", columns, rows)
    training = {"selection": "validation", "score": part, "seconds": 10.0, "device": "cpu", "spec": {"seeds": [0, 1]}}
    (path / "training.json").write_text(json.dumps(training))


def _metrics(path: Path, outputs: list[str], two: bool, seeds: int) -> None:
    metrics: dict[str, Any] = {
        "split": "test",
        "n": 30,
        "auroc": 0.91,
        "auprc": 0.9,
        "intervals": {"auroc": [0.88, 0.94]},
    }
    if two:
        metrics |= {
            "accuracy": 0.85, "confusion": [[13, 2], [3, 12]], "baselines": {"gc": {"auroc": 0.55}},
            "per_class": {c: {"precision": 0.8, "recall": 0.85, "f1": 0.82, "n": 15} for c in outputs},
            "per_seed": [{"seed": s, "auroc": 0.9 + s / 100} for s in range(seeds)],
            "calibration": {"ece": 0.05, "bins": [{"mean_p_wt": 0.2, "observed_wt": 0.3, "n": 10}]},
        }  # fmt: skip
    else:
        metrics["per_output"] = [
            {"name": name, "n": 30, "n_positive": 5 + i, "auroc": 0.6 + i / 100, "auprc": None if i == 3 else 0.5}
            for i, name in enumerate(outputs)
        ]
    (path / "metrics.json").write_text(json.dumps(metrics))


def _units(path: Path, rng: np.random.Generator, ids: list[str], outputs: list[str], grouped: bool) -> None:
    motifs = []
    for id in ids:
        text = list(MATRICES.values())[int(id.split("_u")[1])]
        p = np.full((len(text), 4), 0.05)
        p[np.arange(len(text)), ["ACGT".index(letter) for letter in text]] = 0.85
        motifs.append(Motif.from_counts(id, np.round(p * 100), nsites=100.0))
    write_motifs(path / "units.meme", motifs)
    columns = [
        "unit_id",
        "seed",
        "index",
        "nsites",
        "information_bits",
        "consensus",
        "best_output",
        "best_importance",
        "rank",
    ]
    rows = [
        [id, int(id[1]), int(id[-1]), 100, m.information_bits, m.consensus(), outputs[i % len(outputs)], 0.5 - i / 20,
         int(id[-1]) + 1]
        for i, (id, m) in enumerate(zip(ids, motifs, strict=True))
    ]  # fmt: skip
    write_tsv(path / "units.tsv", columns, rows)
    importance = []
    for id in ids:
        for j, output in enumerate(outputs):
            weight = float(rng.normal())
            group = LINEAGES[j % len(LINEAGES)] if grouped else None
            agreement = "weight_only" if j == 1 and id.endswith("u2") else "agree"
            spread = sorted(rng.normal(weight / 3, 0.1, 5).tolist())
            importance.append([id, int(id[1]), int(id[-1]), output, group, weight, *spread, weight / 3, 25, agreement])
    columns = ["unit_id", "seed", "unit", "output", "group", "weight", "p5", "q25", "median", "q75", "p95", "mean",
               "n_sequences", "agreement"]  # fmt: skip
    write_tsv(path / "importance.tsv", columns, importance)
    (path / "heatmap.json").write_text(json.dumps({"units": ids[::-1], "outputs": outputs[::-1]}))
    matches = []
    for id, m in zip(ids, motifs, strict=True):
        name = list(MATRICES)[int(id[-1])]
        if name != "none":
            matches.append([id, "units", f"MA_{name}", name, "Ets-related", "class", 1e-9, 1e-6, 1e-6, 0, 10, "+",
                            m.consensus(), m.consensus(), 1, True])  # fmt: skip
    write_tsv(path / "unit_matches.tsv", MATCH_COLUMNS, matches)
    write_tsv(
        path / "refinement.tsv", ["query", "initial_name", "qvalue_after", "changed", "best_name", "best_qvalue"],
        [["s0_u0", "TFAP2C", 0.4, True, "CTCF", 1e-6], ["s0_u1", "SPIB", 1e-5, False, "SPIB", 1e-5]],
    )  # fmt: skip
    points = [[i, *rng.normal(i % 2, 0.3, 2).tolist(), ("WT", "KO")[i % 2], float(rng.random())] for i in range(120)]
    write_tsv(path / "projection.tsv", ["row", "x", "y", "class", "s0_u0"], points)


def _families(path: Path, ids: list[str]) -> None:
    """A family for each matrix; the second seed's member is shifted and turned round."""
    columns = ["family", "n_members", "n_replicates", "reproducibility", "mean_similarity", "consensus", "nsites",
               "information_bits", "representative"]  # fmt: skip
    texts = list(MATRICES.values())
    rows = [[f"family_{i}", 2, 2, 1.0, 0.9, text, 200.0, 15.0, f"s0_u{i}"] for i, text in enumerate(texts)]
    write_tsv(path / "families.tsv", columns, rows)
    members = []
    for id in ids:
        text = texts[int(id[-1])]
        matrix = ",".join("0.85" if "ACGT"[i] == letter else "0.05" for letter in text for i in range(4))
        turned = id.startswith("s1")
        members.append(
            [f"family_{id[-1]}", "units", id, id[:2], -1 if turned else 0, "-" if turned else "+", 0.9, id, matrix]
        )
    columns = ["family", "source", "motif_id", "replicate", "offset", "strand", "similarity", "leaf", "matrix"]
    write_tsv(path / "family_members.tsv", columns, members)
    (path / "families.nwk").write_text(
        "((s0_u0:0.1,s1_u0:0.1):0.4,((s0_u1:0.1,s1_u1:0.1):0.2,(s0_u2:0.1,s1_u2:0.1):0.2):0.2);"
    )


def _scores(path: Path) -> None:
    rows = [
        ["units:" + "a" * 16, "s0_u0", 0.81, 0.84, 1, "CCACCAGGGGGCGC"],
        ["motifs:" + "b" * 16, "WT_1", 0.78, 0.8, None, "CCAGGGGGC"],
    ]
    columns = ["source", "motif_id", "auprc", "auroc", "unit_rank", "consensus"]
    write_tsv(path / "best_motifs.tsv", columns, rows)
    write_tsv(path / "scores.tsv", columns, rows * 2)


def _run(path: Path, pipeline: str, ids: list[str], dataset: dict[str, Any]) -> None:
    digests = {"units": "a" * 64}
    steps = [
        {"id": id, "title": f"step {id}", "task": "x.Y", "status": "succeeded", "cache_hit": False, "note": "",
         "artifact": {"sha256": digests.get(id, f"{i:02x}" * 32), "size_bytes": 10},
         "resource": f"tenants/local/{id}/1",
         "seconds": 1.0, "warnings": [], "request": {"split": "all"} if id == "units" else {},
         "summary": dataset if id == "dataset" else {"main_metric": "auroc"} if id == "comparison" else {}}
        for i, id in enumerate(ids)
    ]  # fmt: skip
    run = {"format": "cislex-run/1", "pipeline": pipeline, "cislex_version": "0", "created": "2026-01-01T00:00:00Z",
           "finished": "2026-01-01T00:01:00Z", "seconds": 60, "inputs": {}, "options": {}, "steps": steps,
           "notes": ["synthetic"], "files": []}  # fmt: skip
    (path / "run.json").write_text(json.dumps(run))
