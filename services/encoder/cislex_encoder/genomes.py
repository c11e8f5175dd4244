"""RegisterGenome: a genome's identity as an artifact, so that others can be compared with it without its bases."""

from __future__ import annotations

from cislex_core.genome import Genome
from cislex_core.tasks import Out, Progress

from cislex_encoder import aliases
from cislex_encoder.preflight import Source
from cislex_encoder.splits import looks_like_mouse


def register(fasta: Source, table: Source | None, out: Out, progress: Progress) -> None:
    """Write seqcol.json (GA4GH level 2, with levels 1 and 0), contigs.tsv and aliases.json."""
    progress.message(f"reading {fasta.shown}")
    genome = Genome.open(fasta.path, sha256=fasta.sha256, shown=fasta.shown, index_beside=fasta.is_users)
    known = aliases.read_table(table.path, genome.contigs, table.shown) if table else {}
    seqcol = genome.seqcol
    level = {"level0": seqcol.digest, "level1": seqcol.level1, "level2": seqcol.level2}
    out.write_json("seqcol.json", level)
    out.write_json("aliases.json", known)
    with open(out.path("contigs.tsv"), "w", encoding="utf-8") as handle:
        handle.write("name\tlength\trefget_digest\n")
        for name, length, digest in zip(seqcol.names, seqcol.lengths, seqcol.sequences, strict=True):
            handle.write(f"{name}\t{length}\t{digest}\n")
    out.kind = "genome"
    out.genome_digest = genome.digest
    out.semantics = {"digest": "GA4GH refget sequence collection 1.0, inherent attributes names and sequences"}
    out.summary = {
        "genome_digest": genome.digest,
        "fasta_sha256": genome.sha256,
        "n_contigs": len(genome.contigs),
        "total_bp": sum(genome.contigs.values()),
        "n_aliases": len(known),
        "looks_like_mouse": looks_like_mouse(list(genome.contigs)),
    }
