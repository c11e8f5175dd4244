"""Motifs of the units beside those of discoverers that train no network, judged on the same held-out sequences."""

from __future__ import annotations

from typing import Any

from cislex_client.report.panels.base import Section, missing
from cislex_client.report.results import Results, number, number_or
from cislex_client.report.tables import Cell, Column, number_cell, table, term, text_cell
from cislex_client.report.text import esc, fixed, plural

SOURCES = {
    "units": "units of the network",
    "motifs_em": "EM (MEME-like)",
    "motifs_words": "counted words (STREME-like)",
    "motifs_meme": "MEME",
    "motifs_streme": "STREME",
}


def panel(results: Results) -> Section | None:
    """The section; None for a run that judged no motifs."""
    title, nav = "Single motifs as predictors", "Motifs judged"
    if "scores" not in results.steps:
        return None
    best = results.table("best_motifs.tsv")
    if best is None or not len(best):
        why = results.why_missing("best_motifs.tsv")
        return Section("denovo", title, nav, missing("tab-denovo", "The comparison", why))
    words = (
        "<p>A matrix alone can tell the classes apart by its best hit on either strand of each sequence. The best "
        "motif of each source was chosen on the validation sequences and is judged here on the test sequences, which "
        f"neither the network nor the other discoverers had read. {term('auprc', 'AUPRC')} of a motif measures the "
        "motif, not the model: the network adds up many.</p>"
    )
    return Section("denovo", title, nav, words + _table(results, list(best.rows())))


def source_names(results: Results) -> dict[str, str]:
    """The first sixteen digits of an artifact → the words for the step that made it."""
    digests = {id: str((step.get("artifact") or {}).get("sha256") or "")[:16] for id, step in results.steps.items()}
    return {
        digest: SOURCES.get(id, str(results.steps[id].get("title") or id)) for id, digest in digests.items() if digest
    }


def _table(results: Results, rows: list[dict[str, Any]]) -> str:
    names = source_names(results)
    scores = results.table("scores.tsv")
    per_source: dict[str, int] = {}
    for row in scores.rows() if scores else ():
        per_source[str(row.get("source"))] = per_source.get(str(row.get("source")), 0) + 1
    lines = []
    for row in sorted(rows, key=lambda row: -number_or(row.get("auprc"), -1.0)):
        source = str(row.get("source"))
        rank = number(row.get("unit_rank"))
        lines.append(
            [
                text_cell(_named(source, names)),
                text_cell(plural(per_source.get(source, 0), "motif")),
                Cell(f"<code>{esc(row.get('motif_id'))}</code>", row.get("motif_id")),
                Cell(f"<code>{esc(row.get('consensus') or '')}</code>", row.get("consensus")),
                number_cell(number(row.get("auprc")), fixed(number(row.get("auprc")))),
                number_cell(number(row.get("auroc")), fixed(number(row.get("auroc")))),
                number_cell(rank if rank == rank else None),
            ]
        )
    columns = [
        Column("Source"),
        Column("Judged"),
        Column("Best motif"),
        Column("Consensus"),
        Column("AUPRC", True, "auprc"),
        Column("AUROC", True, "auroc"),
        Column("Rank of the unit", True),
    ]
    return table("tab-denovo", "The best motif of each source", columns, lines, whole=True,
                 note="Every motif with its scores: <code>scores.tsv</code>.")  # fmt: skip


def _named(source: str, names: dict[str, str]) -> str:
    """``motifs:<16 hex>`` in words; as it is where no step of this run made it."""
    return names.get(source.rpartition(":")[2][:16], source)
