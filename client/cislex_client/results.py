"""Writes the result folder that docs/formats.md describes, whole or not at all.

Everything is made in a temporary folder beside the target and renamed at the end. What lies at the target is replaced
only when it is a result folder of cislex, an empty folder, or with ``force``.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cislex_core.canonical import digest_file

from cislex_client.exit_codes import FAILED, UNAVAILABLE, CommandError, UsageError
from cislex_client.tables import write_tsv

if TYPE_CHECKING:
    from cislex_core.motifs import Motif

RUN_JSON = "run.json"
REPORT = "report.html"
FORMAT = "cislex-run/1"

# step → {file in the artifact: file in the result folder}; a .parquet becomes a .tsv.
FILES: dict[str, dict[str, str]] = {
    "dataset": {
        "rows.parquet": "dataset.tsv", "drops.parquet": "drops.tsv", "preflight.json": "preflight.json",
        "gc.json": "gc.json", "leakage.parquet": "leakage.tsv",
    },
    "train": {"history.parquet": "history.tsv", "training.json": "training.json"},
    "evaluate": {
        "metrics.json": "metrics.json", "curves.json": "curves.json", "predictions.parquet": "predictions.tsv",
    },
    "export": {
        "model.onnx": "model.onnx", "labels.txt": "labels.txt", "model_card.md": "model_card.md",
        "model_card.json": "model_card.json", "parity.json": "parity.json",
    },
    "kmers": {"kmers.parquet": "kmers.tsv", "ranking.parquet": "kmer_ranking.tsv"},
    "clusters": {
        "clusters.parquet": "clusters.tsv", "members.parquet": "cluster_members.tsv", "clusters.meme": "clusters.meme",
    },
    "compare": {"matches.parquet": "matches.tsv", "queries.meme": "queries.meme", "targets.meme": "targets.meme"},
    "filters": {
        "filters.parquet": "filters.tsv", "groups.parquet": "filter_groups.tsv", "filters.meme": "filters.meme",
        "filter_kmers.parquet": "filter_kmers.tsv",
    },
    "compare_filters": {
        "matches.parquet": "filter_matches.tsv", "queries.meme": "filter_queries.meme",
        "targets.meme": "filter_targets.meme",
    },
    "enrich": {"enrichment.parquet": "enrichment.tsv"},
    "units": {
        "units.parquet": "units.tsv", "importance.parquet": "importance.tsv", "units.meme": "units.meme",
        "heatmap.json": "heatmap.json",
    },
    "compare_units": {"matches.parquet": "unit_matches.tsv", "targets.meme": "unit_targets.meme"},
    "refinement": {"refinement.parquet": "refinement.tsv"},
    "projection": {
        "projection.parquet": "projection.tsv", "projection.png": "projection.png",
        "projection.html": "projection.html",
    },
    "families": {
        "families.parquet": "families.tsv", "members.parquet": "family_members.tsv", "families.meme": "families.meme",
        "tree.nwk": "families.nwk",
    },
    "scores": {"scores.parquet": "scores.tsv", "best.parquet": "best_motifs.tsv"},
    "comparison": {
        "models.parquet": "models.tsv", "seeds.parquet": "model_seeds.tsv", "differences.parquet": "differences.tsv",
        "per_task.parquet": "model_tasks.tsv", "comparison.tsv": "comparison.tsv",
    },
}  # fmt: skip

# Discoverers beside a network, each by itself: all of them call their motifs WT_1, WT_2, …
for _engine in ("em", "words", "meme", "streme"):
    FILES[f"motifs_{_engine}"] = {
        "motifs.parquet": f"motifs_{_engine}.tsv", "motifs.meme": f"motifs_{_engine}.meme",
    }  # fmt: skip

# Two artifacts, one file: motifs found in clusters first, then those found in whole sets.
JOINED = {
    "motifs.parquet": "motifs.tsv", "sites.parquet": "motif_sites.tsv", "motifs.meme": "motifs.meme",
    "searches.parquet": "motif_searches.tsv",
}  # fmt: skip
JOINED_STEPS = ("motifs_clusters", "motifs_sets")


def check_target(target: Path, force: bool = False) -> None:
    """Raise UsageError unless a result folder may be put at ``target``: asked before the work, not after it."""
    if target.is_dir():
        if force or is_result_folder(target) or not any(target.iterdir()):
            return
        raise UsageError(
            f"{target} holds other files and would be replaced",
            remedy="choose another --out, or say --force to replace the folder",
        )
    if target.exists():
        raise UsageError(f"{target} is a file; --out names a folder")
    parent = next(p for p in target.absolute().parents if p.exists())
    if not os.access(parent, os.W_OK):
        raise UsageError(f"{target} cannot be made: {parent} is not writable", remedy="choose another --out")


def is_result_folder(folder: Path) -> bool:
    """True when the folder was written by this module."""
    try:
        return str(json.loads((folder / RUN_JSON).read_text()).get("format", "")).startswith("cislex-run/")
    except (OSError, ValueError, AttributeError):
        return False


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary folder that takes the place of ``target`` when the block ends well; removed when it does not."""
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.part"
    try:
        staged.mkdir()
        yield staged
        old = None
        if target.exists():
            old = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.old"
            os.rename(target, old)
        os.rename(staged, target)
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise CommandError(
            f"the result folder {target} cannot be written: {error.strerror or error}",
            code=UNAVAILABLE if full else FAILED,
            reason="DISK_FULL" if full else "",
            remedy="free space or choose another --out, then run the same command again: finished steps are kept",
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def write_results(folder: Path, artifacts: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Fill ``folder`` from the artifacts' folders by step id; answers the ``files`` entries of run.json.

    A file that an artifact lacks is left out (older servers); a step that is absent gives no files.
    """
    made: dict[str, str] = {}

    def note(step: str, name: str) -> Path:
        made[name] = step
        return folder / name

    for step, names in FILES.items():
        if step in artifacts:
            for source, name in names.items():
                _convert([artifacts[step] / source], note(step, name))
    parts = [artifacts[step] for step in JOINED_STEPS if step in artifacts]
    for source, name in JOINED.items():
        if parts:
            _convert([part / source for part in parts], note("+".join(s for s in JOINED_STEPS if s in artifacts), name))
    if "attributions" in artifacts and "dataset" in artifacts:
        from cislex_client.attribution_file import write_attributions

        write_attributions(artifacts["attributions"], artifacts["dataset"], note("attributions", "attributions.npz"))
    _write_logos(folder, note)
    return [
        {"path": name, "sha256": digest_file(folder / name), "size_bytes": (folder / name).stat().st_size, "step": step}
        for name, step in made.items()
        if (folder / name).is_file()
    ]


def _convert(sources: list[Path], target: Path) -> None:
    sources = [source for source in sources if source.is_file()]
    if not sources:
        return
    if sources[0].suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        tables = [pq.read_table(source) for source in sources]
        write_tsv(pa.concat_tables(tables, promote_options="permissive") if len(tables) > 1 else tables[0], target)
    elif sources[0].suffix == ".meme" and len(sources) > 1:
        from cislex_core.motif_files import write_motifs

        write_motifs(target, [motif for source in sources for motif in motifs_of(source)])
    else:
        shutil.copyfile(sources[0], target)


def _write_logos(folder: Path, note: Callable[[str, str], Path]) -> None:
    """One SVG for each motif that was compared and each factor that names one; of the filters only those that recur.

    A filter recurs when its group has filters of at least two seeds: with one seed, every group's representative.
    """
    from cislex_client.report.logo import logo_svg
    from cislex_client.tables import read_rows

    groups = read_rows(folder / "filter_groups.tsv")
    least = min(2, max((int(row.get("n_seeds") or 1) for row in groups), default=1))
    filters = {row["representative"] for row in groups if int(row.get("n_seeds") or 1) >= least}
    matches = read_rows(folder / "matches.tsv")
    filter_matches = [row for row in read_rows(folder / "filter_matches.tsv") if row["query"] in filters]
    sources = [
        ("queries.meme", "query", "compare", None),
        ("targets.meme", "target", "compare", _naming(matches)),
        ("filter_targets.meme", "target", "compare_filters", _naming(filter_matches)),
        ("filter_queries.meme", "filter", "compare_filters", filters),
    ]
    (folder / "logos").mkdir(exist_ok=True)
    for source, role, step, only in sources:
        for motif in motifs_of(folder / source):
            if only is None or motif.id in only:
                svg = logo_svg(motif.probabilities, title=motif.label)
                note(step, f"logos/{logo_name(role, motif.id)}").write_text(svg, encoding="utf-8")


def motifs_of(source: Path) -> list[Motif]:
    """The motifs of a MEME file of ours; [] when it is absent or holds none, which is a result too."""
    from cislex_core.motif_files import read_motifs

    if not source.is_file() or not any(line.startswith("MOTIF") for line in source.read_text().splitlines()):
        return []
    return read_motifs(source)


def _naming(matches: list[dict[str, str]]) -> set[str]:
    """Targets that are the best match of a query."""
    return {row["target"] for row in matches if row.get("rank") in (None, "", "1")}


def logo_name(role: str, motif_id: str) -> str:
    """``query.<id>.svg``, with characters outside A-Za-z0-9._- as ``_``."""
    return f"{role}.{re.sub(r'[^A-Za-z0-9._-]', '_', motif_id)}.svg"
