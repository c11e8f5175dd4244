"""Simulate: a small genome with two peak sets whose motifs are planted at known places.

RELA stands in WT peaks, FOS::JUN in KO peaks, SP1 in both alike (JASPAR 2024 matrices, data/planted_motifs.meme).
Sites are drawn from the matrices, on either strand. Peaks of both sets have the same distribution of GC content: bases
outside the sites are exchanged until each window has the count drawn for it, so GC alone tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cislex_core.fasta import write_fasta
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif
from cislex_core.seqcol import SeqCol, sequence_digest
from cislex_core.sequences import decode, reverse_complement
from cislex_core.tasks import Out, Progress

from cislex_encoder.specs import SimulateSpec

PLANTED = Path(__file__).parent / "data" / "planted_motifs.meme"
_SLOT_WINDOWS = 3
_STRONG = np.array([1, 2], dtype=np.uint8)
_WEAK = np.array([0, 3], dtype=np.uint8)


@dataclass(frozen=True)
class Site:
    """One planted site; genomic, 0-based half-open."""

    chrom: int
    start: int
    end: int
    strand: str
    motif: Motif
    letters: str


@dataclass
class _Peak:
    set: str
    name: str
    chrom: int
    centre: int
    sites: list[Site]


def simulate(spec: SimulateSpec, out: Out, progress: Progress) -> None:
    """Write genome.fa, wt.bed, ko.bed, truth.tsv and motifs.meme; see docs/formats.md, kind simulation."""
    rng = np.random.default_rng(spec.seed)
    motifs = {motif.name: motif for motif in read_motifs(PLANTED)}
    peaks, lengths = _place(spec, rng)
    genome = [background(length, spec.gc_content, rng) for length in lengths]
    targets = {"WT": _gc_targets(spec, spec.n_wt, rng), "KO": _gc_targets(spec, spec.n_ko, rng)}
    seen = {"WT": 0, "KO": 0}
    for done, peak in enumerate(peaks, start=1):
        own = motifs["RELA" if peak.set == "WT" else "FOS::JUN"]
        planted = [motif for motif, share in ((own, spec.motif_share), (motifs["SP1"], spec.common_share))
                   if rng.random() < share]  # fmt: skip
        left = peak.centre - spec.window_bp // 2
        window = genome[peak.chrom][left : left + spec.window_bp]
        taken = _plant(peak, planted, window, left, spec, rng)
        _match_gc(window, taken, int(targets[peak.set][seen[peak.set]]), rng)
        seen[peak.set] += 1
        if done % 256 == 0 or done == len(peaks):
            progress.update(done, len(peaks), "peaks")
            progress.check_cancel()
    _write(spec, out, genome, peaks)
    _describe(spec, out, genome, peaks)


def _place(spec: SimulateSpec, rng: np.random.Generator) -> tuple[list[_Peak], list[int]]:
    """Peaks in slots of three windows, in random order over chromosomes of unequal size."""
    n = spec.n_wt + spec.n_ko
    share = np.linspace(1.5, 0.5, spec.n_chroms)
    sizes = np.maximum(1, np.floor(share / share.sum() * n).astype(int))
    sizes[0] += max(0, n - int(sizes.sum()))
    slot = _SLOT_WINDOWS * spec.window_bp
    order = rng.permutation(n)
    peaks = []
    places = [(chrom, number) for chrom, size in enumerate(sizes) for number in range(size)]
    for (chrom, number), index in zip(places, order.tolist(), strict=False):
        is_wt = index < spec.n_wt
        set_name = "WT" if is_wt else "KO"
        name = f"{set_name}_{(index if is_wt else index - spec.n_wt) + 1}"
        jitter = int(rng.integers(-(spec.window_bp // 2), spec.window_bp // 2 + 1))
        peaks.append(_Peak(set_name, name, chrom, number * slot + slot // 2 + jitter, []))
    return peaks, [int(size) * slot for size in sizes]


def background(length: int, gc_content: float, rng: np.random.Generator) -> np.ndarray:
    """Codes (length,) of independent letters with a share of G and C."""
    half = gc_content / 2
    return rng.choice(4, size=length, p=[0.5 - half, half, half, 0.5 - half]).astype(np.uint8)


def _gc_targets(spec: SimulateSpec, n: int, rng: np.random.Generator) -> np.ndarray:
    """G+C counts for n windows: the same evenly spaced quantiles of one normal distribution, in random order."""
    from statistics import NormalDist

    share = NormalDist(spec.gc_content, 0.05)
    counts = [round(share.inv_cdf((i + 0.5) / n) * spec.window_bp) for i in range(n)]
    return rng.permutation(np.clip(counts, 0, spec.window_bp))


def _plant(
    peak: _Peak, motifs: list[Motif], window: np.ndarray, left: int, spec: SimulateSpec, rng: np.random.Generator
) -> np.ndarray:
    """Write sites into the window (in place); answers the mask (window,) of their bases."""
    taken = np.zeros(window.size, dtype=bool)
    reach = spec.window_bp // 4 if spec.max_offset_bp is None else spec.max_offset_bp
    for motif in motifs:
        start = free_start(taken, motif.width, reach, rng)
        site = draw_site(motif, rng)
        strand = "+" if rng.random() < 0.5 else "-"
        window[start : start + motif.width] = site if strand == "+" else reverse_complement(site)
        taken[start : start + motif.width] = True
        peak.sites.append(Site(peak.chrom, left + start, left + start + motif.width, strand, motif, decode(site)))
    return taken


def free_start(taken: np.ndarray, width: int, reach: int, rng: np.random.Generator) -> int:
    """A start whose site's middle lies within ``reach`` of the centre and that overlaps no other site."""
    middle = taken.size // 2 - width // 2
    starts = np.arange(max(0, middle - reach), min(taken.size - width, middle + reach) + 1)
    used = np.concatenate(([0], np.cumsum(taken)))
    free = starts[used[starts + width] == used[starts]]
    if free.size == 0:
        starts = np.arange(taken.size - width + 1)
        free = starts[used[starts + width] == used[starts]]
    return int(rng.choice(free))


def draw_site(motif: Motif, rng: np.random.Generator) -> np.ndarray:
    """Codes (width,) of one site, each position drawn from the matrix."""
    cumulative = np.cumsum(motif.probabilities, axis=1)
    cumulative[:, -1] = 1.0
    return np.asarray((rng.random(motif.width)[:, None] >= cumulative).sum(axis=1), dtype=np.uint8)


def _match_gc(window: np.ndarray, taken: np.ndarray, target: int, rng: np.random.Generator) -> None:
    """Exchange bases outside the sites until the window holds ``target`` G and C, or no base is left to exchange."""
    strong = (window == 1) | (window == 2)
    surplus = int(strong.sum()) - target
    pool = np.flatnonzero(~taken & (strong if surplus > 0 else ~strong))
    chosen = rng.permutation(pool)[: abs(surplus)]
    window[chosen] = rng.choice(_WEAK if surplus > 0 else _STRONG, size=chosen.size)


def _write(spec: SimulateSpec, out: Out, genome: list[np.ndarray], peaks: list[_Peak]) -> None:
    def records() -> Iterator[tuple[str, str]]:
        for chrom, codes in enumerate(genome):
            yield f"chr{chrom + 1}", decode(codes)

    write_fasta(out.path("genome.fa"), records())
    half = spec.window_bp // 2
    for set_name, file_name in (("WT", "wt.bed"), ("KO", "ko.bed")):
        with open(out.path(file_name), "w", encoding="ascii") as handle:
            for peak in peaks:
                if peak.set == set_name:
                    place = f"chr{peak.chrom + 1}\t{peak.centre - half}\t{peak.centre + half}"
                    handle.write(f"{place}\t{peak.name}\t1000\t.\n")
    with open(out.path("truth.tsv"), "w", encoding="ascii") as handle:
        handle.write("peak\tset\tchrom\tstart\tend\tstrand\tmotif_id\tmotif_name\tsite\n")
        for peak in peaks:
            for site in peak.sites:
                place = f"chr{site.chrom + 1}\t{site.start}\t{site.end}\t{site.strand}"
                handle.write(f"{peak.name}\t{peak.set}\t{place}\t{site.motif.id}\t{site.motif.name}\t{site.letters}\n")
    out.path("motifs.meme").write_text(PLANTED.read_text())


def _describe(spec: SimulateSpec, out: Out, genome: list[np.ndarray], peaks: list[_Peak]) -> None:
    texts = [decode(codes).encode("ascii") for codes in genome]
    names = tuple(f"chr{i + 1}" for i in range(len(genome)))
    seqcol = SeqCol(names, tuple(map(len, texts)), tuple(map(sequence_digest, texts)))
    planted: dict[tuple[str, str, str], int] = {}
    shares: dict[str, list[float]] = {"WT": [], "KO": []}
    for peak in peaks:
        left = peak.centre - spec.window_bp // 2
        window = genome[peak.chrom][left : left + spec.window_bp]
        shares[peak.set].append(float(np.mean((window == 1) | (window == 2))))
        for site in peak.sites:
            name = (site.motif.id, site.motif.name, peak.set)
            planted[name] = planted.get(name, 0) + 1
    out.kind = "simulation"
    out.genome_digest = seqcol.digest
    out.seeds = [spec.seed]
    out.semantics = {"coordinates": "0-based half-open", "summit": "midpoint of the interval"}
    out.summary = {
        "genome_digest": seqcol.digest,
        "n_wt": spec.n_wt,
        "n_ko": spec.n_ko,
        "window_bp": spec.window_bp,
        "n_chroms": spec.n_chroms,
        "total_bp": sum(map(len, texts)),
        "planted": [
            {"motif_id": ident, "motif_name": name, "set": set_name, "n_sites": count}
            for (ident, name, set_name), count in sorted(planted.items())
        ],
        "mean_gc_wt": float(np.mean(shares["WT"])),
        "mean_gc_ko": float(np.mean(shares["KO"])),
    }
