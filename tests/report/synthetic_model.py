"""Sequences, training, evaluation and attributions of a synthetic result folder."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from cislex_core.sequences import decode
from synthetic_parts import CHROMS, FAMILIES, SPLIT, Part, auroc, write_tsv


class ModelPart(Part):
    """The dataset, and what stands in for a network."""

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
