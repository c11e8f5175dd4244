"""A result folder of synthetic test data, written by the rules of docs/formats.d/results.md.

The sequences are random with planted motifs and every figure is computed from them, but by stand-ins (a motif score
plus noise in place of a network), so nothing here is a result: ``run.json`` says so in its notes.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cislex_core.motif_files import format_meme, write_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import decode

CHROMS = ("chr1", "chr2", "chr3", "chr4", "chr5", "chr6", "chr7")
SPLIT = {"chr6": "test", "chr7": "test", "chr2": "validation"}
FAMILIES = {
    "RELA": ("MA0107.1", "NF-kappaB-related factors", "Rel homology region (RHR) factors", "WT", "GGGAATTTCC"),
    "FOS::JUN": ("MA0099.3", "Fos-related; Jun-related", "Basic leucine zipper factors (bZIP)", "KO", "ATGAGTCATG"),
    "SP1": ("MA0079.5", "Three-zinc finger Kruppel-related", "C2H2 zinc finger factors", "both", "GGGGCGGGGC"),
}
MATCH_COLUMNS = [
    "query",
    "query_source",
    "target",
    "target_name",
    "tf_family",
    "tf_class",
    "pvalue",
    "evalue",
    "qvalue",
    "offset",
    "overlap",
    "orientation",
    "query_consensus",
    "target_consensus",
    "rank",
    "significant",
]


@dataclass
class Shape:
    """What kind of folder to write."""

    n_per_class: int = 150
    window: int = 300
    seeds: int = 3
    epochs: int = 14
    clusters: int = 6
    strength: float = 1.0  # 0 = nothing to learn
    matches: bool = True
    demo: bool = True
    long_names: bool = False
    aliases: dict[str, str] = field(default_factory=dict)
    n_enriched: int = 40
    seed: int = 7


def write_tsv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """TSV as the format document has it: empty = missing, true/false, full precision."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        out.writerow(columns)
        for row in rows:
            out.writerow([_cell(value) for value in row])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return str(value)


def auroc(scores: np.ndarray, labels: np.ndarray) -> float:
    """P(score of a positive > score of a negative), ties half; 0.5 where a class is empty."""
    pos, neg = scores[labels == 1], scores[labels == 0]
    if not len(pos) or not len(neg):
        return 0.5
    diff = pos[:, None] - neg[None, :]
    return float((diff > 0).mean() + 0.5 * (diff == 0).mean())


def consensus_motif(id: str, consensus: str, name: str, sure: float = 0.86, nsites: float = 120) -> Motif:
    """A matrix with that share of each consensus base."""
    p = np.full((len(consensus), 4), (1 - sure) / 3)
    for i, base in enumerate(consensus):
        p[i, "ACGT".index(base)] = sure
    return Motif(id=id, probabilities=p, name=name, nsites=nsites)


def random_motif(rng: np.random.Generator, id: str, width: int) -> Motif:
    """A matrix that resembles nothing."""
    return Motif(id=id, probabilities=rng.dirichlet(np.full(4, 0.6), size=width), nsites=float(rng.integers(20, 90)))


class Folder:
    """Writes the folder part by part; each part uses what the earlier ones made."""

    def __init__(self, path: Path, shape: Shape) -> None:
        self.path, self.shape = path, shape
        self.rng = np.random.default_rng(shape.seed)
        path.mkdir(parents=True, exist_ok=True)

    def write(self) -> Path:
        """Everything."""
        self._sequences()
        self._training()
        self._evaluation()
        self._attributions()
        self._clusters_and_motifs()
        self._filters()
        self._enrichment()
        if self.shape.demo:
            self._planted()
        self._run()
        return self.path

    def _json(self, name: str, value: Any) -> None:
        (self.path / name).write_text(json.dumps(value, indent=1), encoding="utf-8")

    def _sequences(self) -> None:
        shape, rng = self.shape, self.rng
        n = 2 * shape.n_per_class
        self.labels = np.repeat([1, 0], shape.n_per_class)
        self.codes = rng.choice(4, size=(n, shape.window), p=[0.27, 0.23, 0.23, 0.27]).astype(np.uint8)
        self.chrom = rng.choice(CHROMS, size=n)
        self.split = np.array([SPLIT.get(c, "train") for c in self.chrom])
        self.sites: list[list[tuple[int, str]]] = [[] for _ in range(n)]
        for i in range(n):
            for name, (_, _, _, side, consensus) in FAMILIES.items():
                here = side == "both" or (side == "WT") == (self.labels[i] == 1)
                if rng.random() < (0.35 if side == "both" else 0.75 if here else 0.06) * min(1.0, shape.strength + 0.2):
                    at = int(rng.integers(2, shape.window - len(consensus) - 2))
                    site = ["ACGT".index(b) if rng.random() < 0.9 else int(rng.integers(4)) for b in consensus]
                    self.codes[i, at : at + len(site)] = site
                    self.sites[i].append((at, name))
        gc = np.isin(self.codes, (1, 2)).mean(axis=1)
        start = rng.integers(10_000, 90_000_000, size=n)
        self.gc = gc
        names = ["a_peak_with_a_very_long_name_that_goes_on_and_on" if shape.long_names else f"p{i}" for i in range(n)]
        write_tsv(
            self.path / "dataset.tsv",
            [
                "row",
                "set",
                "name",
                "chrom",
                "start",
                "end",
                "summit",
                "strand",
                "label",
                "split",
                "gc",
                "n_fraction",
                "source",
                "line",
            ],
            [
                (
                    i,
                    "WT" if self.labels[i] else "KO",
                    names[i],
                    self.chrom[i],
                    start[i],
                    start[i] + shape.window,
                    start[i] + shape.window // 2,
                    None,
                    self.labels[i],
                    self.split[i],
                    float(gc[i]),
                    0.0,
                    "wt.bed" if self.labels[i] else "ko.bed",
                    i + 1,
                )
                for i in range(n)
            ],
        )
        drops: list[tuple[Any, ...]] = [
            (
                "wt.bed" if self.labels[i] else "ko.bed",
                i + 1,
                names[i],
                self.chrom[i],
                start[i],
                start[i] + 1,
                "WT" if self.labels[i] else "KO",
                "kept",
                i,
                "",
            )
            for i in range(n)
        ]
        for reason, wt, ko in (
            ("balanced_away", 61, 0),
            ("duplicate", 9, 4),
            ("too_many_n", 3, 5),
            ("label_conflict", 6, 6),
            ("out_of_bounds", 1, 0),
        ):
            drops += [("wt.bed", n + k, f"d{k}", "chr3", 5, 6, "WT", reason, None, "") for k in range(wt)]
            drops += [("ko.bed", n + k, f"d{k}", "chr3", 5, 6, "KO", reason, None, "") for k in range(ko)]
        write_tsv(
            self.path / "drops.tsv",
            ["source", "line", "name", "chrom", "start", "end", "set", "status", "dataset_row", "detail"],
            drops,
        )
        warnings = ["ko.bed: 12 rows name contig 'chrUn_random', which the genome does not have"]
        self._json("preflight.json", {"genome": None, "files": [], "aliases": shape.aliases, "warnings": warnings})

    def _training(self) -> None:
        shape, rng = self.shape, self.rng
        columns = [
            "seed",
            "epoch",
            "train_loss",
            "train_accuracy",
            "validation_loss",
            "validation_accuracy",
            "test_accuracy",
            "learning_rate",
            "seconds",
            "chosen",
        ]
        rows = []
        for seed in range(shape.seeds):
            e = np.arange(1, shape.epochs + 1)
            train = 0.69 * np.exp(-e * 0.16 * shape.strength) + 0.02
            val = (
                0.69
                - 0.4 * shape.strength * (1 - np.exp(-e * 0.3))
                + 0.012 * np.maximum(0, e - 7)
                + rng.normal(0, 0.015, len(e))
            )
            best = int(val.argmin())
            rows += [
                (seed, int(k), train[i], 1 - train[i] / 1.5, val[i], 1 - val[i] / 1.6, None, 1e-3, 1.7, i == best)
                for i, k in enumerate(e)
            ]
        write_tsv(self.path / "history.tsv", columns, rows)
        self._json(
            "training.json",
            {
                "spec": {"seeds": list(range(shape.seeds))},
                "device": "cpu",
                "dtype": "float32",
                "seconds": 41.5,
                "peak_memory_bytes": 412_000_000,
                "selection": "validation",
            },
        )

    def _evaluation(self) -> None:
        shape, rng = self.shape, self.rng
        self._json("parity.json", {"max_abs_difference": 1.2e-6, "tolerance": 1e-4})
        (self.path / "model_card.md").write_text("# Model card\n\nSynthetic test data.\n", encoding="utf-8")
        test = np.flatnonzero(self.split == "test")
        labels = self.labels[test]
        signal = np.array([sum((n == "RELA") - (n == "FOS::JUN") for _, n in self.sites[i]) for i in test], dtype=float)
        logits = [2.2 * shape.strength * signal + rng.normal(0, 1.0, len(test)) for _ in range(shape.seeds)]
        ensemble = np.mean(logits, axis=0) if logits else rng.normal(size=len(test))
        p = 1 / (1 + np.exp(-ensemble))
        kmer = 0.9 * shape.strength * signal + rng.normal(0, 1.1, len(test))
        gc = self.gc[test]
        rows: list[tuple[Any, ...]] = []
        for seed, values in [*enumerate(logits), (-1, ensemble)]:
            rows += [
                (int(r), "test", int(label), seed, -v / 2, v / 2, 1 / (1 + np.exp(-v)))
                for r, label, v in zip(test, labels, values, strict=True)
            ]
        write_tsv(
            self.path / "predictions.tsv", ["row", "split", "label", "seed", "logit_KO", "logit_WT", "p_WT"], rows
        )
        said = (p > 0.5).astype(int)
        confusion = [[int(((labels == t) & (said == q)).sum()) for q in (0, 1)] for t in (0, 1)]
        self.p_test = dict(zip(test.tolist(), p.tolist(), strict=True))
        bins = []
        for k in range(10):
            inside = (p >= k / 10) & (p < (k + 1) / 10 + (k == 9))
            if inside.any():
                bins.append(
                    {
                        "low": k / 10,
                        "high": (k + 1) / 10,
                        "n": int(inside.sum()),
                        "mean_p_wt": float(p[inside].mean()),
                        "observed_wt": float(labels[inside].mean()),
                    }
                )
        metrics = {
            "split": "test",
            **self._metrics(ensemble, labels),
            "confusion": confusion,
            "per_class": {name: self._class(confusion, k) for name, k in (("WT", 1), ("KO", 0))},
            "calibration": {
                "ece": float(np.mean([abs(b["mean_p_wt"] - b["observed_wt"]) for b in bins] or [0])),
                "bins": bins,
            },
            "intervals": self._intervals(ensemble, labels),
            "interval_method": "bootstrap, 60 replicates: single sequences (synthetic test data)",
            "per_seed": [{"seed": s, **self._metrics(v, labels)} for s, v in enumerate(logits)],
            "ensemble": self._metrics(ensemble, labels),
            "baselines": {
                key: {**self._metrics(v - np.median(v), labels), "how": "a stand-in"}
                for key, v in (("gc", gc), ("kmer6_logistic", kmer))
            },
            "protocol": "default",
            "optimistic": False,
        }
        self._json("metrics.json", metrics)
        curves: dict[str, Any] = self._curve(ensemble, labels)
        curves["baselines"] = {"gc": self._curve(gc, labels), "kmer6_logistic": self._curve(kmer, labels)}
        self._json("curves.json", curves)

    def _metrics(self, scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        curve = self._curve(scores, labels)["pr"]
        auprc = float(np.sum(np.diff([0.0, *curve["recall"]]) * np.array(curve["precision"])))
        return {
            "accuracy": float(((scores > 0) == labels).mean()) if len(labels) else 0.0,
            "auroc": auroc(scores, labels),
            "auprc": auprc,
        }

    def _intervals(self, scores: np.ndarray, labels: np.ndarray) -> dict[str, list[float]]:
        draws: dict[str, list[float]] = {"auroc": [], "auprc": [], "accuracy": []}
        for _ in range(60):
            at = self.rng.integers(0, len(labels), len(labels))
            for key, value in self._metrics(scores[at], labels[at]).items():
                draws[key].append(value)
        return {key: [float(np.quantile(v, 0.025)), float(np.quantile(v, 0.975))] for key, v in draws.items()}

    @staticmethod
    def _curve(scores: np.ndarray, labels: np.ndarray) -> dict[str, dict[str, list[float]]]:
        hits = labels[np.argsort(-scores, kind="stable")]
        tp, fp = np.cumsum(hits), np.cumsum(1 - hits)
        tpr, fpr = tp / max(1, tp[-1]), fp / max(1, fp[-1])
        return {
            "roc": {"fpr": [0.0, *fpr.tolist()], "tpr": [0.0, *tpr.tolist()]},
            "pr": {"recall": tpr.tolist(), "precision": (tp / (tp + fp)).tolist()},
        }

    @staticmethod
    def _class(confusion: list[list[int]], k: int) -> dict[str, float]:
        tp, fn, fp = confusion[k][k], confusion[k][1 - k], confusion[1 - k][k]
        precision, recall = tp / max(1, tp + fp), tp / max(1, tp + fn)
        return {"precision": precision, "recall": recall, "f1": 2 * tp / max(1, 2 * tp + fp + fn), "n": tp + fn}

    def _attributions(self) -> None:
        rng, shape = self.rng, self.shape
        rows = np.flatnonzero(self.split == "test")
        projected = rng.normal(0, 0.012, (len(rows), shape.window)).astype(np.float32)
        kmers: list[tuple[Any, ...]] = []
        for i, row in enumerate(rows):
            for at, name in self.sites[row]:
                sign = {"RELA": 1.0, "FOS::JUN": -1.0}.get(name, 0.15) * shape.strength
                projected[i, at : at + 10] += sign * rng.uniform(0.06, 0.14, 10)
        importance = np.abs(projected) * 1.4
        for i, row in enumerate(rows):
            taken: list[int] = []
            for at in np.argsort(-importance[i], kind="stable"):
                if all(abs(int(at) - t) >= 10 for t in taken):
                    taken.append(int(at))
                if len(taken) == 3:
                    break
            for at in taken:
                start = int(np.clip(at - 10, 0, max(0, shape.window - 20)))
                word = decode(self.codes[row, start : start + 20])
                side = "WT" if self.labels[row] else "KO"
                kmers.append(
                    (
                        int(row),
                        at,
                        start,
                        word,
                        float(importance[i, at]),
                        int(self.labels[row]),
                        side,
                        side,
                        self.chrom[row],
                        None,
                        "+",
                    )
                )
        self.kmers = kmers
        write_tsv(
            self.path / "kmers.tsv",
            [
                "row",
                "position",
                "start",
                "kmer",
                "score",
                "label",
                "set",
                "predicted",
                "chrom",
                "genomic_start",
                "strand",
            ],
            kmers,
        )
        counts: dict[str, list[float]] = {}
        for kmer in kmers:
            for k in range(13):
                entry = counts.setdefault(kmer[3][k : k + 8], [0.0, 0, 0])
                entry[0] += kmer[4]
                entry[1 if kmer[5] else 2] += 1
        ranked = sorted(counts.items(), key=lambda item: -item[1][0])[:300]
        write_tsv(
            self.path / "kmer_ranking.tsv",
            ["kmer", "score_sum", "n", "n_wt", "n_ko"],
            [(k, s, int(w + o), int(w), int(o)) for k, (s, w, o) in ranked],
        )
        hypothetical = np.zeros((len(rows), 4, shape.window), dtype=np.float32)
        np.savez_compressed(
            self.path / "attributions.npz",
            rows=rows,
            codes=self.codes[rows],
            labels=self.labels[rows],
            importance=importance,
            projected=projected,
            hypothetical=hypothetical,
            meta=json.dumps(
                {
                    "method": "saliency",
                    "target": "wt_minus_ko",
                    "seed_index": None,
                    "n_total": len(rows),
                    "capped": False,
                }
            ),
        )

    def _clusters_and_motifs(self) -> None:
        shape, rng = self.shape, self.rng
        named = list(FAMILIES.items())
        clusters, queries, motif_rows, matches = [], [], [], []
        targets: dict[str, Motif] = {}
        scopes = [f"cluster_{k}" for k in range(shape.clusters)] + ["WT", "KO"]
        for k, scope in enumerate(scopes):
            lead = named[k % 3] if k < 3 else named[0] if scope == "WT" else named[1] if scope == "KO" else None
            side = lead[1][3] if lead else "both"
            size = int(90 / (k + 1)) + 4
            n_wt = round(size * {"WT": 0.92, "KO": 0.06, "both": 0.5}[side])
            id = f"{scope}_m1" + ("_with_a_name_far_longer_than_anybody_would_wish" if shape.long_names else "")
            if lead:
                name, (target, family, tf_class, _, consensus) = lead
                motif = consensus_motif(id, ("A" if k % 2 else "") + consensus[: 9 + k % 2] + "T", "", 0.8)
            else:
                motif = random_motif(rng, id, 11)
            if scope.startswith("cluster"):
                done = "yes" if size >= 10 else "skipped: fewer than 10"
                clusters.append((k, size, n_wt, size - n_wt, motif.consensus(), motif.information_bits, k == 0, done))
                if size < 10:
                    continue
            queries.append(motif)
            motif_rows.append(
                (
                    id,
                    scope,
                    1,
                    motif.width,
                    int(motif.nsites),
                    3.1e-12 * 10.0**k,
                    1e-15,
                    motif.consensus(),
                    motif.information_bits,
                    80,
                    9,
                    "em",
                )
            )
            if lead and shape.matches:
                known = consensus_motif(target, consensus, name, 0.9)
                reverse = k == 1
                targets[target] = known.reverse_complement() if reverse else known
                shown = f"{name}-with-an-unusually-long-symbol" if shape.long_names else name
                p = 2.4e-11 * 10.0 ** min(k, 4)
                offset = -1 if k % 2 else 0
                overlap = min(motif.width, -offset + known.width) - max(0, -offset)
                matches.append(
                    (
                        id,
                        f"motifs:{'ab' * 8}",
                        target,
                        shown,
                        family,
                        tf_class,
                        p,
                        p * 879,
                        p * 400,
                        offset,
                        overlap,
                        "-" if reverse else "+",
                        motif.consensus(),
                        known.consensus(),
                        1,
                        True,
                    )
                )
            else:
                near = consensus_motif("MA0004.1", "CACGTG", "Arnt")
                targets["MA0004.1"] = near
                matches.append(
                    (
                        id,
                        f"motifs:{'ab' * 8}",
                        "MA0004.1",
                        "Arnt",
                        "PAS domain factors",
                        "Basic helix-loop-helix factors (bHLH)",
                        0.004,
                        3.5,
                        0.62,
                        -2,
                        6,
                        "+",
                        motif.consensus(),
                        near.consensus(),
                        1,
                        False,
                    )
                )
        write_tsv(
            self.path / "clusters.tsv",
            ["cluster", "size", "n_wt", "n_ko", "consensus", "information_bits", "primary", "discovery"],
            clusters,
        )
        write_tsv(
            self.path / "motifs.tsv",
            [
                "motif_id",
                "scope",
                "rank",
                "width",
                "nsites",
                "evalue",
                "pvalue",
                "consensus",
                "information_bits",
                "n_primary_hits",
                "n_control_hits",
                "engine",
            ],
            motif_rows,
        )
        write_tsv(self.path / "matches.tsv", MATCH_COLUMNS, matches)
        write_motifs(self.path / "queries.meme", queries)
        write_motifs(self.path / "motifs.meme", queries)
        write_motifs(self.path / "targets.meme", list(targets.values()))
        self.matches = matches

    def _filters(self) -> None:
        rng, shape = self.rng, self.shape
        named = list(FAMILIES.items())
        motifs, rows, groups, matches = [], [], [], []
        targets: dict[str, Motif] = {}
        for g in range(18):
            lead = named[g % 3] if g < 5 else None
            n_seeds = max(1, shape.seeds - g // 4)
            effect = (
                {"WT": -0.42, "KO": 0.37, "both": 0.01}[lead[1][3]] / (1 + g // 3)
                if lead
                else float(rng.normal(0, 0.02))
            )
            for seed in range(n_seeds):
                id = f"s{seed}_f{g}"
                motif = consensus_motif(id, lead[1][4], "", 0.72) if lead else random_motif(rng, id, 10)
                motifs.append(motif)
                rows.append(
                    (
                        id,
                        seed,
                        g,
                        motif.consensus(iupac=False),
                        int(motif.nsites),
                        motif.information_bits,
                        rng.uniform(0.1, 0.6),
                        rng.uniform(0.1, 0.6),
                        effect,
                        f"g{g}",
                    )
                )
            groups.append((f"g{g}", f"s0_f{g}", n_seeds, n_seeds, motif.consensus(), effect))
            if lead:
                target, family, tf_class, _, consensus = lead[1]
                targets[target] = consensus_motif(target, consensus, lead[0])
                matches.append(
                    (
                        f"s0_f{g}",
                        "filters:cd",
                        target,
                        lead[0],
                        family,
                        tf_class,
                        1e-7,
                        1e-4,
                        2e-5,
                        0,
                        10,
                        "+",
                        motif.consensus(),
                        consensus,
                        1,
                        shape.matches,
                    )
                )
        write_tsv(
            self.path / "filters.tsv",
            [
                "filter_id",
                "seed",
                "index",
                "consensus_argmax",
                "nsites",
                "information_bits",
                "activation_frequency_wt",
                "activation_frequency_ko",
                "effect_on_logit",
                "group",
            ],
            rows,
        )
        write_tsv(
            self.path / "filter_groups.tsv",
            ["group", "representative", "n_filters", "n_seeds", "consensus", "mean_effect_on_logit"],
            groups,
        )
        write_tsv(self.path / "filter_matches.tsv", MATCH_COLUMNS, matches)
        write_motifs(self.path / "filters.meme", motifs)
        (self.path / "filter_targets.meme").write_text(format_meme(list(targets.values())), encoding="utf-8")

    def _enrichment(self) -> None:
        rng, rows = self.rng, []
        for k in range(self.shape.n_enriched):
            if k < 3:
                name, (motif, _, _, side, consensus) = list(FAMILIES.items())[k]
                wt, ko = {"WT": (74.0, 8.5), "KO": (9.0, 71.0), "both": (36.0, 33.0)}[side]
                wt, ko = (wt, ko) if self.shape.strength > 0.5 else (21.0, 20.0)
            else:
                name, motif, consensus = f"TF{k}", f"MA{1000 + k}.1", "CANNTGRYAC"
                wt, ko = rng.uniform(2, 30), rng.uniform(2, 30)
            p_wt, p_ko = (10 ** -((wt - ko) / 3), 1.0) if wt > ko else (1.0, 10 ** -((ko - wt) / 3))
            for background in ("both", "shuffled"):
                for mode in ("fixed", "best"):
                    n = self.shape.n_per_class
                    rows.append(
                        (
                            motif,
                            name,
                            consensus,
                            mode,
                            7.5,
                            background,
                            n,
                            n,
                            wt,
                            ko,
                            p_wt,
                            p_ko,
                            min(1.0, p_wt * 20),
                            min(1.0, p_ko * 20),
                            "fisher",
                        )
                    )
        columns = (
            "motif name consensus mode threshold background n_wt n_ko "
            "pct_wt pct_ko pvalue_wt pvalue_ko qvalue_wt qvalue_ko test"
        )
        write_tsv(self.path / "enrichment.tsv", columns.split(), rows)

    def _planted(self) -> None:
        table = []
        for name, (motif, _, _, side, _) in FAMILIES.items():
            hit = next((m for m in self.matches if m[2] == motif and m[15]), None)
            row: dict[str, Any] = {
                "motif_id": motif,
                "name": name,
                "planted_in": side,
                "n_planted": sum(n == name for s in self.sites for _, n in s),
                "recovered": hit is not None,
            }
            for key, at in (
                ("query", 0),
                ("query_consensus", 12),
                ("target", 2),
                ("target_name", 3),
                ("pvalue", 6),
                ("qvalue", 8),
            ):
                row[key] = hit[at] if hit else None
            row["exact_rank"] = 1 if hit else None
            table.append(row)
        found = sum(row["recovered"] for row in table)
        self._json(
            "planted.json",
            {
                "q_threshold": 0.01,
                "n_planted": 3,
                "n_recovered": found,
                "recovered_share": found / 3,
                "table": table,
                "false_names": [],
            },
        )

    def _run(self) -> None:
        steps = [
            {
                "id": id,
                "title": title,
                "task": task,
                "status": "succeeded",
                "cache_hit": id == "dataset",
                "note": "",
                "artifact": {"sha256": f"{k:02x}" * 32, "size_bytes": 1000},
                "seconds": 3.2 * (k + 1),
                "warnings": [],
                "request": {},
                "summary": {},
            }
            for k, (id, title, task) in enumerate(
                [
                    ("dataset", "Build the dataset", "encoder.BuildDataset"),
                    ("train", "Train the model", "trainer.TrainModel"),
                    ("evaluate", "Evaluate", "trainer.EvaluateModel"),
                    ("export", "Export as ONNX", "trainer.ExportModel"),
                    ("attributions", "Attributions", "explainer.ComputeAttributions"),
                    ("kmers", "k-mers", "explainer.ExtractKmers"),
                    ("clusters", "Cluster the k-mers", "motif.ClusterKmers"),
                    ("motifs_clusters", "Motifs of the clusters", "motif.DiscoverMotifs"),
                    ("motifs_sets", "Motifs of the sets", "motif.DiscoverMotifs"),
                    ("compare", "Name the motifs", "motif.CompareMotifs"),
                    ("filters", "Explain the filters", "explainer.ExplainFilters"),
                    ("compare_filters", "Name the filters", "motif.CompareMotifs"),
                    ("enrich", "Known motifs in both sets", "motif.EnrichMotifs"),
                ]
            )
        ]
        by_id = {step["id"]: step for step in steps}
        by_id["dataset"]["summary"] = {"window_bp": self.shape.window, "genome_digest": "SQ.test-only"}
        by_id["compare"]["summary"] = {
            "database": "jaspar2024-vertebrates",
            "n_targets": 879,
            "threshold": 0.05,
            "threshold_on": "THRESHOLD_ON_QVALUE",
        }
        self._json(
            "run.json",
            {
                "format": "cislex-run/1",
                "pipeline": "demo" if self.shape.demo else "wtko",
                "cislex_version": "0.1.0",
                "command": ["cislex", "run", "wtko", "--wt", "/data/my peaks/wt.bed", "--ko", "/data/ko.bed"],
                "created": "2026-01-02T03:04:05Z",
                "finished": "2026-01-02T03:07:05Z",
                "seconds": 180.0,
                "context": {"name": "local", "server_version": "0.1.0"},
                "host": {"platform": "Linux", "python": "3.11", "cpu_count": 2},
                "inputs": {
                    role: {"path": f"/data/{role}.bed", "sha256": "0f" * 32, "size_bytes": 12345}
                    for role in ("wt", "ko")
                },
                "options": {
                    "window_bp": self.shape.window,
                    "seeds": list(range(self.shape.seeds)),
                    "protocol": "default",
                },
                "steps": steps,
                "files": [],
                "notes": ["Synthetic test data: written by the tests, not by a run."],
            },
        )


def write_results(path: Path, shape: Shape | None = None) -> Path:
    """Write a whole folder and answer its path."""
    return Folder(path, shape or Shape()).write()
