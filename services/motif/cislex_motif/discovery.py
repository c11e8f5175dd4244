"""DiscoverMotifs: one search per cluster or contrast, by our own engines or the real meme/streme, into one artifact."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import decode, dinucleotide_shuffle, encode_batch, reverse_complement
from cislex_core.tasks import Inputs, Out, Progress

from cislex_motif.finder import FinderOptions, Found, find_motifs
from cislex_motif.meme_suite import ToolMotif, run_tool
from cislex_motif.search import HOLDOUT_MIN
from cislex_motif.significance import LN10
from cislex_motif.specs import DiscoverMotifsSpec
from cislex_motif.word_search import WordOptions, find_by_words, put_aside

Codes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
# Small sets get several shuffles of each sequence, so that the control's rates are not themselves small numbers.
_CONTROL_SIZE = 1000
_MAX_COPIES = 50
_SUMMARY_MOTIFS = 200
_SCOPE_NAMES = {"wt": "WT", "ko": "KO", "wt_vs_shuffled": "WT_vs_shuffled", "ko_vs_shuffled": "KO_vs_shuffled",
                "all_vs_shuffled": "all_vs_shuffled"}  # fmt: skip

MOTIF_SCHEMA = pa.schema(
    [
        ("motif_id", pa.string()), ("scope", pa.string()), ("rank", pa.int32()), ("width", pa.int32()),
        ("nsites", pa.int64()), ("evalue", pa.float64()), ("pvalue", pa.float64()), ("log10_evalue", pa.float64()),
        ("log10_pvalue", pa.float64()), ("consensus", pa.string()), ("information_bits", pa.float64()),
        ("n_primary", pa.int64()), ("n_primary_hits", pa.int64()), ("n_control", pa.int64()),
        ("n_control_hits", pa.int64()), ("threshold_bits", pa.float64()), ("test", pa.string()),
        ("seed_word", pa.string()), ("engine", pa.string()),
    ]
)  # fmt: skip
SITE_SCHEMA = pa.schema(
    [
        ("motif_id", pa.string()), ("row", pa.int64()), ("start", pa.int64()), ("end", pa.int64()),
        ("strand", pa.string()), ("site", pa.string()), ("score_bits", pa.float64()),
    ]
)  # fmt: skip


@dataclass
class Search:
    """One search: ``rows`` are the source rows of ``primary`` (dataset rows or k-mer indices), ``offset`` the position
    of its first column in them. ``shuffled``: the control is made of shuffles."""

    scope: str
    primary: Codes
    control: Codes
    rows: IntArray
    offset: int = 0
    shuffled: bool = False
    note: str = ""
    skipped: bool = False
    test: str = ""
    motifs: list[Motif] = field(default_factory=list)


def run_discovery(spec: DiscoverMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """The task motif.DiscoverMotifs."""
    if spec.scope == "clusters":
        total, searches = cluster_searches(spec, _of_kind(inputs, spec.clusters, "clusters"))
    else:
        total, searches = set_searches(spec, Dataset.from_artifact(_of_kind(inputs, spec.dataset, "dataset")))
    done: list[Search] = []
    motif_rows: list[dict[str, Any]] = []
    site_rows: list[dict[str, Any]] = []
    for search in searches:
        progress.check_cancel()
        if not search.skipped:
            _search(spec, search, motif_rows, site_rows, out, progress)
        if search.note:
            progress.message(f"{search.scope}: {search.note}")
        done.append(search)
        progress.update(len(done), total, "searches", motifs=len(motif_rows))
    _write(spec, out, done, motif_rows, site_rows)


def cluster_searches(spec: DiscoverMotifsSpec, artifact: Artifact) -> tuple[int, Iterator[Search]]:
    """Number of clusters, and a search for each; clusters marked as skipped come with a note."""
    table = artifact.table("clusters.parquet").to_pylist()
    members = artifact.table("members.parquet")
    labels = np.array(members["cluster"].to_pylist())
    words = members["kmer"].to_pylist()
    indices = np.array(members["kmer_index"].to_pylist(), dtype=np.int64)

    def each() -> Iterator[Search]:
        for number, cluster in enumerate(table):
            scope = f"cluster_{cluster['cluster']}"
            mine = np.flatnonzero(labels == cluster["cluster"])
            if cluster["discovery"] != "yes":
                empty = np.zeros((0, 1), dtype=np.uint8)
                yield Search(scope, empty, empty, indices[mine], note=cluster["discovery"], skipped=True)
                continue
            mine, note = _sample(mine, spec.max_sequences, spec.seed)
            codes = encode_batch([words[i] for i in mine], pad="end")
            control = shuffled_control(codes, np.random.default_rng([spec.seed, number]))
            yield Search(scope, codes, control, indices[mine], shuffled=True, note=note)

    return len(table), each()


def set_searches(spec: DiscoverMotifsSpec, dataset: Dataset) -> tuple[int, Iterator[Search]]:
    """Number of contrasts, and a search for each. Raises EMPTY_SPLIT and ONE_CLASS before the first."""
    rows = dataset.split(spec.split)
    if len(rows) == 0:
        raise UserError(Reason.EMPTY_SPLIT, f"the split {spec.split!r} holds no sequence; take another",
                        field="split", split=spec.split)  # fmt: skip
    by_class = {name: rows[dataset.targets[rows] == i] for i, name in enumerate(dataset.classes)}
    for contrast in spec.contrasts:
        needed = {"wt": ("WT", "KO"), "ko": ("KO", "WT"), "wt_vs_shuffled": ("WT",), "ko_vs_shuffled": ("KO",)}
        for name in needed.get(contrast, ()):
            if len(by_class.get(name, ())) == 0:
                raise UserError(
                    Reason.ONE_CLASS,
                    f"the contrast {contrast!r} needs {name} sequences and the split {spec.split!r} has none; "
                    "leave the contrast out or take another split", field="contrasts", contrast=contrast,
                )  # fmt: skip
    start, stop = _centre(dataset.window_bp, spec)

    def codes(chosen: IntArray) -> Codes:
        return np.asarray(dataset.codes[chosen, start:stop])

    def each() -> Iterator[Search]:
        for number, contrast in enumerate(spec.contrasts):
            target, _, _ = contrast.partition("_")
            mine = rows if target == "all" else by_class[target.upper()]
            mine, note = _sample(mine, spec.max_sequences, spec.seed)
            primary = codes(mine)
            shuffled = contrast.endswith("shuffled")
            if shuffled:
                control = shuffled_control(primary, np.random.default_rng([spec.seed, number]))
            else:
                other, _ = _sample(by_class["KO" if target == "wt" else "WT"], spec.max_sequences, spec.seed)
                control = codes(other)
            yield Search(_SCOPE_NAMES[contrast], primary, control, mine, start, shuffled, note)

    return len(spec.contrasts), each()


def shuffled_control(codes: Codes, rng: np.random.Generator) -> Codes:
    """Dinucleotide shuffles of each sequence, as many copies as it takes to have about 1,000; (m, length) uint8."""
    copies = int(np.clip(math.ceil(_CONTROL_SIZE / max(len(codes), 1)), 1, _MAX_COPIES))
    return np.concatenate([dinucleotide_shuffle(codes, rng) for _ in range(copies)])


def _search(
    spec: DiscoverMotifsSpec, search: Search, motif_rows: list[dict[str, Any]], site_rows: list[dict[str, Any]],
    out: Out, progress: Progress,
) -> None:  # fmt: skip
    if spec.engine in ("em", "words"):
        found, search.test = _find(spec, search, progress)
        for rank, item in enumerate(found, start=1):
            _add_found(search, rank, item, spec.engine, motif_rows, site_rows)
    else:
        control = None if search.shuffled else search.control
        tool, version = run_tool(spec, search.primary, control, progress.scratch_dir, progress.check_cancel)
        out.tools[spec.engine] = version
        for rank, printed in enumerate(tool[: spec.n_motifs], start=1):
            _add_printed(search, rank, printed, spec.engine, motif_rows, site_rows)
        search.test = spec.engine
    if not search.motifs:
        search.note = "; ".join(filter(None, [search.note, f"no motif with E at most {spec.evalue_threshold:g}"]))


def _find(spec: DiscoverMotifsSpec, search: Search, progress: Progress) -> tuple[list[Found], str]:
    """What our own engines find, and how p is found."""
    common: dict[str, Any] = {
        "min_width": spec.min_width, "max_width": spec.max_width, "n_motifs": spec.n_motifs,
        "evalue_threshold": spec.evalue_threshold, "min_sites": spec.min_sites, "both_strands": spec.both_strands,
        "seed": spec.seed,
    }  # fmt: skip
    if spec.engine == "em":
        held_out = len(search.primary) >= HOLDOUT_MIN
        found = find_motifs(
            search.primary, search.control, FinderOptions(**common, model=spec.model), progress.check_cancel
        )
    else:
        options = WordOptions(**common, holdout_fraction=spec.holdout_fraction, patience=spec.patience)
        held_out = put_aside(len(search.primary), len(search.control), options) is not None
        found = find_by_words(search.primary, search.control, options, progress.check_cancel)
    return found, found[0].test if found else ("holdout" if held_out else "words")


def _add_found(
    search: Search, rank: int, found: Found, engine: str, motif_rows: list[dict[str, Any]],
    site_rows: list[dict[str, Any]],
) -> None:  # fmt: skip
    log10_e = found.log_e / LN10
    motif = Motif.from_counts(
        f"{search.scope}_{rank}", found.counts, nsites=len(found.rows), evalue=_power(log10_e),
        background=found.background, log10_evalue=log10_e,
    )  # fmt: skip
    motif = motif.renamed(motif.id, motif.consensus())
    search.motifs.append(motif)
    motif_rows.append(
        _motif_row(search, rank, motif, engine)
        | {
            "log10_pvalue": found.log_p / LN10, "pvalue": _power(found.log_p / LN10),
            "n_primary_hits": found.hits, "n_control": len(search.control), "n_control_hits": found.control_hits,
            "threshold_bits": found.threshold / math.log(2.0), "test": found.test, "seed_word": found.seed.text(),
        }
    )  # fmt: skip
    for row, strand, start, score in zip(found.rows, found.strands, found.starts, found.scores, strict=True):
        site_rows.append(_site_row(search, motif, int(row), int(strand), int(start), float(score) / math.log(2.0)))


def _add_printed(
    search: Search, rank: int, printed: ToolMotif, engine: str, motif_rows: list[dict[str, Any]],
    site_rows: list[dict[str, Any]],
) -> None:  # fmt: skip
    motif = printed.motif.renamed(f"{search.scope}_{rank}", printed.motif.consensus())
    search.motifs.append(motif)
    motif_rows.append(_motif_row(search, rank, motif, engine) | {"test": engine})
    site_rows.extend(_site_row(search, motif, row, strand, start, None) for row, strand, start in printed.sites)


def _motif_row(search: Search, rank: int, motif: Motif, engine: str) -> dict[str, Any]:
    return {
        "motif_id": motif.id, "scope": search.scope, "rank": rank, "width": motif.width,
        "nsites": round(motif.nsites), "evalue": motif.evalue, "log10_evalue": motif.log10_evalue,
        "consensus": motif.consensus(), "information_bits": motif.information_bits,
        "n_primary": len(search.primary), "engine": engine,
    }  # fmt: skip


def _site_row(
    search: Search, motif: Motif, row: int, strand: int, start: int, score_bits: float | None
) -> dict[str, Any]:
    window = search.primary[row, start : start + motif.width]
    return {
        "motif_id": motif.id, "row": int(search.rows[row]), "start": start + search.offset,
        "end": start + search.offset + motif.width, "strand": "-" if strand else "+",
        "site": decode(reverse_complement(window) if strand else window), "score_bits": score_bits,
    }  # fmt: skip


def _write(
    spec: DiscoverMotifsSpec, out: Out, searches: list[Search], motif_rows: list[dict[str, Any]],
    site_rows: list[dict[str, Any]],
) -> None:  # fmt: skip
    out.kind = "motifs"
    out.write_table("motifs.parquet", pa.Table.from_pylist(motif_rows, schema=MOTIF_SCHEMA))
    out.write_table("sites.parquet", pa.Table.from_pylist(site_rows, schema=SITE_SCHEMA))
    motifs = [motif for search in searches for motif in search.motifs]
    write_motifs(out.path("motifs.meme"), motifs)
    out.semantics = {
        "alphabet": "ACGT", "coordinates": "0-based half-open within the source sequence",
        "row": "kmer_index of the clusters" if spec.scope == "clusters" else "row of the dataset",
        "site": "read on its strand",
    }  # fmt: skip
    out.seeds = [spec.seed]
    keys = ("motif_id", "scope", "rank", "width", "nsites", "evalue", "log10_evalue", "consensus", "information_bits")
    out.summary = {
        "n_motifs": len(motif_rows), "scope": spec.scope, "engine": spec.engine, "model": spec.model,
        "searches": [
            {"scope": s.scope, "n_primary": len(s.rows), "n_control": len(s.control), "n_motifs": len(s.motifs),
             "note": s.note, "test": s.test}
            for s in searches
        ],
        "motifs": [{k: row[k] for k in keys if row[k] is not None} for row in motif_rows[:_SUMMARY_MOTIFS]],
    }  # fmt: skip


def _of_kind(inputs: Inputs, digest: str | None, kind: str) -> Artifact:
    artifact = inputs.artifact(digest or "")
    if artifact.kind != kind:
        raise UserError(Reason.ARTIFACT_KIND, f"{kind} is an artifact of kind {artifact.kind!r}, not {kind}",
                        field=kind, kind=artifact.kind)  # fmt: skip
    return artifact


def _sample(rows: IntArray, limit: int, seed: int) -> tuple[IntArray, str]:
    if len(rows) <= limit:
        return rows, ""
    chosen = np.sort(np.random.default_rng(seed).choice(len(rows), limit, replace=False))
    return rows[chosen], f"a sample of {limit} of {len(rows)} sequences (max_sequences)"


def _centre(window_bp: int, spec: DiscoverMotifsSpec) -> tuple[int, int]:
    if spec.central_bp == 0 or spec.central_bp >= window_bp:
        return 0, window_bp
    start = (window_bp - spec.central_bp) // 2
    return start, start + spec.central_bp


def _power(log10: float) -> float:
    return 10.0**log10 if log10 > -308 else 0.0
