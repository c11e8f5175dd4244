"""DiscoverMotifs, engine modisco: TF-MoDISco (Shrikumar et al. 2018) by modisco-lite on hypothetical scores.

Seqlets of high attribution are cut, compared with one another and clustered; each cluster is aligned into a pattern,
for positive and negative attributions apart. Sequences and scores go to a program of our own (``modisco_search``),
which can be stopped and whose memory comes back.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.memory import available_bytes, readable
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import decode, reverse_complement
from cislex_core.tasks import Inputs, Out, Progress

from cislex_motif.attribution_inputs import Attributions, open_attributions
from cislex_motif.discovery import MOTIF_SCHEMA, SITE_SCHEMA
from cislex_motif.meme_suite import run_program
from cislex_motif.modisco_report import write_report
from cislex_motif.specs import DiscoverMotifsSpec

#: Flanks of a pattern whose contributions are below this share of its largest are cut, as modisco-lite's report does.
TRIM = 0.3
_SIGNS = {"positive": "pos_patterns", "negative": "neg_patterns"}
_SUMMARY_MOTIFS = 200
PATTERN_FIELDS = (("pattern", pa.string()), ("contribution_mean", pa.float64()))


@dataclass(frozen=True)
class Pattern:
    """A pattern cut to its core: ``motif``, contributions (w, 4) averaged over its seqlets, and where they lie:
    sequence (index of the attributions), start (in the window), reverse (m,)."""

    sign: str
    source: str
    motif: Motif
    contributions: npt.NDArray[np.float64]
    sequence: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    reverse: npt.NDArray[np.bool_]


def run_modisco(spec: DiscoverMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """The task motif.DiscoverMotifs for scope attributions."""
    if importlib.util.find_spec("modiscolite") is None:
        raise UserError(
            Reason.TOOL_MISSING,
            "engine modisco needs the package modisco-lite, which is not installed on the worker: "
            "pip install --no-deps modisco-lite (docs/methods.md says why without its dependencies)",
            field="engine",
            program="modisco-lite",
        )
    given = open_attributions(inputs, spec.attributions or "", spec.dataset or "")
    start, stop = _stretch(spec, given)
    folder = progress.scratch_dir / "modisco"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        result = _search(spec, given, folder, start, stop, progress)
        patterns = read_patterns(folder, start)
        shutil.copyfile(folder / "modisco.h5", out.path("modisco.h5"))
        write_report(out.path("report.html"), patterns, folder / "logos", spec.report_database, result)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _write(spec, given, out, patterns, result)
    progress.update(1, 1, "searches", motifs=len(patterns))


def _stretch(spec: DiscoverMotifsSpec, given: Attributions) -> tuple[int, int]:
    """[start, stop) of the window that is read. Raises INVALID_REQUEST where a seqlet does not fit into it."""
    window = given.dataset.window_bp
    start, stop = 0, window
    if 0 < spec.central_bp < window:
        start = (window - spec.central_bp) // 2
        stop = start + spec.central_bp
    needed = spec.seqlet_core_bp + 2 * spec.seqlet_flank_bp + 1
    if stop - start < needed:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"a seqlet of {spec.seqlet_core_bp} bp with {spec.seqlet_flank_bp} bp on either side needs sequences of at "
            f"least {needed} bp, and {stop - start} bp are read; lower seqlet_core_bp or seqlet_flank_bp, or raise "
            "central_bp",
            field="seqlet_core_bp",
        )
    return start, stop


def _search(
    spec: DiscoverMotifsSpec, given: Attributions, folder: Path, start: int, stop: int, progress: Progress
) -> dict[str, Any]:
    """Run the program; answers its result.json. Raises NOT_ENOUGH_SEQLETS and OUT_OF_MEMORY."""
    if not len(given.rows) or not np.any(given.observed()[:, start:stop]):
        raise _not_enough(spec, 0, 0)
    np.save(folder / "codes.npy", given.codes())
    limit = spec.memory_limit_bytes or int(0.9 * available_bytes())
    request = {
        "hypothetical": str(given.artifact.path("hypothetical.npy")), "start": start, "stop": stop,
        "core_bp": spec.seqlet_core_bp, "flank_bp": spec.seqlet_flank_bp, "fdr": spec.seqlet_fdr,
        "min_seqlets": spec.min_seqlets, "max_seqlets": spec.max_seqlets, "runs": spec.clustering_runs,
        "seed": spec.seed, "limit_bytes": limit,
    }  # fmt: skip
    (folder / "request.json").write_text(json.dumps(request))
    progress.message(f"TF-MoDISco of {len(given.rows)} sequences, {stop - start} bp each")
    argv = [sys.executable, "-m", "cislex_motif.modisco_search", str(folder)]
    run_program("modisco", argv, folder, spec.tool_timeout_s, progress.check_cancel, is_ours=True)
    result: dict[str, Any] = json.loads((folder / "result.json").read_text())
    if result["status"] == "few":
        raise _not_enough(spec, result["n_positive"], result["n_negative"])
    if result["status"] == "memory":
        raise _too_large(result, limit)
    return result


def _not_enough(spec: DiscoverMotifsSpec, n_positive: int, n_negative: int) -> UserError:
    return UserError(
        Reason.NOT_ENOUGH_SEQLETS,
        f"TF-MoDISco found {n_positive} positive and {n_negative} negative seqlets and needs more than "
        f"{spec.min_seqlets} of one sign; explain more sequences (split all, a larger max_rows), allow more seqlets (a "
        "larger seqlet_fdr) or smaller searches (min_seqlets), or take scope sets with engine em",
        field="attributions",
        n_positive=n_positive,
        n_negative=n_negative,
        needed=spec.min_seqlets,
    )


def _too_large(result: dict[str, Any], limit: int) -> UserError:
    fits = result["fits"]
    advice = (
        f"set max_seqlets to at most {fits}"
        if fits >= 100
        else "read a shorter stretch (central_bp) or explain fewer sequences (max_rows of ComputeAttributions)"
    )
    return UserError(
        Reason.OUT_OF_MEMORY,
        f"TF-MoDISco of {result['n_positive']} positive and {result['n_negative']} negative seqlets would take about "
        f"{readable(result['estimated_bytes'])}, and {readable(limit)} may be used; {advice}, raise "
        "memory_limit_bytes, or run where more memory is free",
        field="max_seqlets",
        needed_bytes=result["estimated_bytes"],
        limit_bytes=limit,
        fits=fits,
    )


def read_patterns(folder: Path, offset: int) -> list[Pattern]:
    """The patterns of modisco.h5, positive ones first; ``offset`` is where the stretch begins in the window."""
    order = np.load(folder / "order.npy")
    patterns = []
    with h5py.File(folder / "modisco.h5", "r") as results:
        for sign, group in _SIGNS.items():
            named = results.get(group, {})
            for rank, name in enumerate(sorted(named, key=lambda n: int(n.rsplit("_", 1)[1])), start=1):
                patterns.append(_pattern(named[name], sign, f"{group}.{name}", rank, order, offset))
    return patterns


def _pattern(
    group: h5py.Group, sign: str, source: str, rank: int, order: npt.NDArray[np.int64], offset: int
) -> Pattern:
    seqlets = group["seqlets"]
    counts = np.asarray(seqlets["sequence"], dtype=np.float64).sum(axis=0)
    contributions = np.asarray(group["contrib_scores"], dtype=np.float64)
    weight = np.abs(contributions).sum(axis=1)
    inside = np.flatnonzero(weight >= TRIM * weight.max())
    first, last = int(inside[0]), int(inside[-1]) + 1
    start, end = (np.asarray(seqlets[key], dtype=np.int64) + offset for key in ("start", "end"))
    reverse = np.asarray(seqlets["is_revcomp"], dtype=bool)
    motif = Motif.from_counts(f"{sign}_{rank}", counts[first:last], nsites=len(start))
    return Pattern(
        sign=sign,
        source=source,
        motif=motif.renamed(motif.id, motif.consensus()),
        contributions=contributions[first:last],
        sequence=order[np.asarray(seqlets["example_idx"], dtype=np.int64)],
        start=np.where(reverse, end - last, start + first),
        reverse=reverse,
    )


def _write(
    spec: DiscoverMotifsSpec, given: Attributions, out: Out, patterns: list[Pattern], result: dict[str, Any]
) -> None:
    found = {"positive": result["n_positive"], "negative": result["n_negative"]}
    rows = [_motif_row(pattern, min(found[pattern.sign], spec.max_seqlets)) for pattern in patterns]
    schema = pa.schema([*MOTIF_SCHEMA, *PATTERN_FIELDS])
    out.kind = "motifs"
    out.write_table("motifs.parquet", pa.Table.from_pylist(rows, schema=schema))
    out.write_table("sites.parquet", _sites(given, patterns))
    write_motifs(out.path("motifs.meme"), [pattern.motif for pattern in patterns])
    out.genome_digest = given.dataset.genome_digest
    out.seeds = [spec.seed]
    out.tools = {"modisco-lite": version("modisco-lite"), "clustering": "cislex modularity (Louvain)"}
    out.semantics = {
        "alphabet": "ACGT",
        "coordinates": "0-based half-open within the source sequence",
        "row": "row of the dataset",
        "site": "read on its strand",
        "attributions": dict(given.artifact.manifest.semantics),
    }
    keys = ("motif_id", "scope", "rank", "width", "nsites", "consensus", "information_bits")
    out.summary = {
        "n_motifs": len(patterns),
        "scope": "attributions",
        "engine": "modisco",
        "model": "",
        "searches": [_search_row(spec, patterns, sign, n) for sign, n in found.items()],
        "motifs": [{key: row[key] for key in keys} for row in rows[:_SUMMARY_MOTIFS]],
        "n_seqlets": sum(min(n, spec.max_seqlets) for n in found.values() if n > spec.min_seqlets),
        "estimated_bytes": result["estimated_bytes"],
    }


def _search_row(spec: DiscoverMotifsSpec, patterns: list[Pattern], sign: str, n_seqlets: int) -> dict[str, Any]:
    n_motifs = sum(pattern.sign == sign for pattern in patterns)
    note = ""
    if n_seqlets <= spec.min_seqlets:
        note = f"skipped: {n_seqlets} seqlets, more than {spec.min_seqlets} are needed"
    else:
        sampled = f"a sample of {spec.max_seqlets} of {n_seqlets} seqlets (max_seqlets)"
        parts = [sampled] * (n_seqlets > spec.max_seqlets)
        parts += ["no pattern was left: it takes hundreds of seqlets of each motif"] * (n_motifs == 0)
        note = "; ".join(parts)
    return {
        "scope": sign, "n_primary": min(n_seqlets, spec.max_seqlets), "n_control": 0, "n_motifs": n_motifs,
        "note": note, "test": "modisco",
    }  # fmt: skip


def _motif_row(pattern: Pattern, n_seqlets: int) -> dict[str, Any]:
    motif = pattern.motif
    return {
        "motif_id": motif.id, "scope": pattern.sign, "rank": int(motif.id.rsplit("_", 1)[1]), "width": motif.width,
        "nsites": round(motif.nsites), "consensus": motif.consensus(), "information_bits": motif.information_bits,
        "n_primary": n_seqlets, "n_primary_hits": len(pattern.start), "test": "modisco", "engine": "modisco",
        "pattern": pattern.source, "contribution_mean": float(pattern.contributions.sum()),
    }  # fmt: skip


def _sites(given: Attributions, patterns: list[Pattern]) -> pa.Table:
    codes = given.dataset.codes
    rows: list[dict[str, Any]] = []
    for pattern in patterns:
        width = pattern.motif.width
        for sequence, start, reverse in zip(pattern.sequence, pattern.start, pattern.reverse, strict=True):
            row = int(given.rows[sequence])
            window = np.asarray(codes[row, start : start + width])
            rows.append(
                {
                    "motif_id": pattern.motif.id, "row": row, "start": int(start), "end": int(start) + width,
                    "strand": "-" if reverse else "+",
                    "site": decode(reverse_complement(window) if reverse else window), "score_bits": None,
                }
            )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SITE_SCHEMA)
