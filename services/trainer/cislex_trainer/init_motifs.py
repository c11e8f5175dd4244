"""Filters that start as known motifs: which motif each filter gets, and what is written about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.motif_databases import open_database
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif
from cislex_core.tasks import Inputs, Progress

from cislex_trainer.start_specs import StartFields

# of a motif's information, when a filter is narrower than the motif
LEAST_KEPT = 0.5

FILTERS_INIT = pa.schema(
    [
        ("filter", pa.int64()),
        ("motif_id", pa.string()),
        ("motif_name", pa.string()),
        ("orientation", pa.string()),
        ("information_bits", pa.float64()),
    ]
)


@dataclass(frozen=True)
class InitialMotifs:
    """Motifs of a source in its order, and ``source``, a phrase for people."""

    motifs: list[Motif]
    source: str


def open_motifs(spec: StartFields, inputs: Inputs) -> InitialMotifs:
    """The motifs that the request names. Raises EMPTY_SET where there is none, and what reading raises."""
    if spec.init_database:
        database = open_database(spec.init_database)
        found = InitialMotifs(database.motifs, database.release)
    elif spec.init_motifs_file is not None:
        path = inputs.file(spec.init_motifs_file)
        name = Path(spec.init_motifs_file.path or path.name).name
        found = InitialMotifs(read_motifs(path), f"file {name}")
    else:
        assert spec.init_motifs is not None
        artifact = inputs.artifact(spec.init_motifs)
        path = artifact.path(f"{artifact.kind}.meme")
        # a set without a motif is a result ("none found"), and its file has no MOTIF line
        motifs = read_motifs(path) if b"\nMOTIF " in path.read_bytes() else []
        found = InitialMotifs(motifs, f"{artifact.kind} {artifact.digest[:16]}")
    if not found.motifs:
        field = next(n for n in ("init_database", "init_motifs_file", "init_motifs") if getattr(spec, n))
        raise UserError(Reason.EMPTY_SET, f"{found.source} holds no motif that a filter could start from", field=field)
    return InitialMotifs(_unique(found.motifs), found.source)


def assign(motifs: list[Motif], both: bool, n_filters: int | None) -> list[tuple[Motif, str]]:
    """(motif, orientation) of filter 0, 1, …: each motif forward and, with ``both``, then reverse-complemented.

    With fewer filters than that, the motifs of the highest information (bits, summed over the matrix; of equal ones
    the first) are kept, in the order of the source; where an odd place is left its motif comes forward only.
    ``n_filters`` None: as many as are needed.
    """
    orientations = ("+", "-") if both else ("+",)
    if n_filters is not None and n_filters < len(motifs) * len(orientations):
        n_motifs = -(-n_filters // len(orientations))
        ranked = sorted(range(len(motifs)), key=lambda i: (-motifs[i].information_bits, i))[:n_motifs]
        single = ranked[-1] if n_filters % len(orientations) else None
        pairs = [(i, o) for i in sorted(ranked) for o in orientations if not (i == single and o == "-")]
        return [(motifs[i], o) for i, o in pairs]
    return [(m, o) for m in motifs for o in orientations]


def check_widths(motifs: list[Motif], width_bp: int, progress: Progress) -> None:
    """Warn of motifs that are wider than the filters and will be cut to their most informative stretch. Raise
    INVALID_REQUEST when a filter would hold less than half of a motif's information: it would be another motif.
    """
    wide = {m.id: m for m in motifs if m.width > width_bp}
    if not wide:
        return
    kept = {name: _kept(motif, width_bp) for name, motif in wide.items()}
    widest = max(wide.values(), key=lambda motif: motif.width)
    worst = min(kept, key=lambda name: kept[name])
    if kept[worst] < LEAST_KEPT:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"motif {worst} is {wide[worst].width} bp wide, and filters of {width_bp} bp would hold "
            f"{kept[worst]:.0%} of its information; give options.kernel_size {widest.width} (the widest motif), or "
            "leave such motifs out",
            field="options.kernel_size",
            motif=worst,
            width_bp=wide[worst].width,
        )
    progress.warn(
        "MOTIFS_CUT",
        f"{len(wide)} motifs are wider than the filters ({width_bp} bp; the widest, {widest.id}, has {widest.width}) "
        f"and are cut to their most informative stretch, which holds {kept[worst]:.0%} of the information or more",
    )


def _kept(motif: Motif, width_bp: int) -> float:
    bits = motif.information_content()
    total = float(bits.sum())
    return float(np.convolve(bits, np.ones(width_bp), mode="valid").max()) / total if total > 0 else 1.0


def init_table(assigned: list[tuple[Motif, str]]) -> pa.Table:
    """filters_init.parquet: one row per filter that starts from a motif."""
    rows = [
        {
            "filter": i,
            "motif_id": motif.id,
            "motif_name": motif.name,
            "orientation": orientation,
            "information_bits": motif.information_bits,
        }
        for i, (motif, orientation) in enumerate(assigned)
    ]
    return pa.Table.from_pylist(rows, schema=FILTERS_INIT)


def _unique(motifs: list[Motif]) -> list[Motif]:
    """Ids made unique: a second M1 becomes M1_2."""
    seen: dict[str, int] = {}
    out = []
    for motif in motifs:
        seen[motif.id] = n = seen.get(motif.id, 0) + 1
        out.append(motif if n == 1 else motif.renamed(f"{motif.id}_{n}"))
    return out
