"""Clusters, motifs, matches, filters and enrichment of a synthetic result folder."""

from __future__ import annotations

from typing import Any

from cislex_core.motif_files import format_meme, write_motifs
from cislex_core.motifs import Motif
from synthetic_parts import FAMILIES, MATCH_COLUMNS, Part, consensus_motif, random_motif, write_tsv


class MotifPart(Part):
    """What stands in for motif discovery and comparison."""

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
