"""Calls of the motif. Made by scripts/client_calls.py from its proto: change that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cislex.motif.v1 import motif_pb2

from cislex_client.api.call import Call, File, Ref, given


def cluster_kmers(
    *,
    kmers: Ref,
    method: Literal["paper", "aligned"] | None = None,
    n_clusters: int | None = None,
    min_clusters: int | None = None,
    max_clusters: int | None = None,
    min_size_for_discovery: int | None = None,
    max_shift: int | None = None,
    max_distinct_kmers: int | None = None,
    seed: int | None = None,
    core_bp: int | None = None,
    max_share: float | None = None,
    scale: Literal["auto", "exact", "landmarks"] | None = None,
    n_landmarks: int | None = None,
) -> Call[motif_pb2.ClusterSet]:
    """Clusters the k-mers under important positions. The operation's response is ClusterSet. Errors: INVALID_REQUEST
    (bounds, more clusters than distinct k-mers, too many of them for `scale`), NOT_FOUND, ARTIFACT_KIND,
    EMPTY_SET (no k-mer).

    Args:
        kmers: Artifact of kind kmers.
        method: Default CLUSTER_METHOD_ALIGNED.
        n_clusters: Number of clusters, at least 1. Not set: the number between `min_clusters` and
            `max_clusters` with the best mean silhouette, where members of clusters below
            `min_size_for_discovery` count as 0.
        min_clusters: Least number of clusters tried, at least 2. Default 2.
        max_clusters: Largest number of clusters tried; at most 200. Default 30.
        min_size_for_discovery: Clusters with fewer k-mers are reported, but skipped by DiscoverMotifs.
            Default 10.
        max_shift: CLUSTER_METHOD_ALIGNED: largest shift tried, base pairs; at most half of k is used.
            Default 10.
        max_distinct_kmers: Most distinct k-mers that are clustered with one another (memory grows with the
            square: 4 bytes × n²), 10 to 20,000; with more, `scale` says what is done. Default 10,000.
        seed: Seed of the landmarks. Default 42.
        core_bp: CLUSTER_METHOD_ALIGNED: length of the stretches held against one another, 4 to 50;
            stretches of half as much again count as much. At most k is used. Default 8.
        max_share: Choosing by silhouette passes over a partition whose largest cluster holds more than this
            share of the k-mers, where another one exists; above 0, at most 1 (1 = never passed over).
            Default 0.75.
        scale: Default CLUSTER_SCALE_AUTO.
        n_landmarks: CLUSTER_SCALE_LANDMARKS: size of the sample, 10 to 20,000; at most `max_distinct_kmers`
            are taken, and as many as `n_clusters` at least. Default 4,000.
    """
    return Call(
        "motif.ClusterKmers",
        motif_pb2.ClusterSet,
        given(
            {
                "kmers": kmers,
                "method": method,
                "n_clusters": n_clusters,
                "min_clusters": min_clusters,
                "max_clusters": max_clusters,
                "min_size_for_discovery": min_size_for_discovery,
                "max_shift": max_shift,
                "max_distinct_kmers": max_distinct_kmers,
                "seed": seed,
                "core_bp": core_bp,
                "max_share": max_share,
                "scale": scale,
                "n_landmarks": n_landmarks,
            }
        ),
    )


def discover_motifs(
    *,
    clusters: Ref | None = None,
    dataset: Ref | None = None,
    scope: Literal["clusters", "sets", "attributions"] | None = None,
    contrasts: Sequence[Literal["wt", "ko", "wt_vs_shuffled", "ko_vs_shuffled", "all_vs_shuffled"]] | None = None,
    split: Literal["train", "validation", "test", "all"] | None = None,
    central_bp: int | None = None,
    engine: Literal["em", "meme", "streme", "words", "modisco"] | None = None,
    model: Literal["zoops", "oops"] | None = None,
    min_width: int | None = None,
    max_width: int | None = None,
    n_motifs: int | None = None,
    evalue_threshold: float | None = None,
    min_sites: int | None = None,
    max_sequences: int | None = None,
    both_strands: bool | None = None,
    seed: int | None = None,
    tool_timeout_s: int | None = None,
    attributions: Ref | None = None,
    max_seqlets: int | None = None,
    min_seqlets: int | None = None,
    seqlet_core_bp: int | None = None,
    seqlet_flank_bp: int | None = None,
    seqlet_fdr: float | None = None,
    clustering_runs: int | None = None,
    memory_limit_bytes: int | None = None,
    holdout_fraction: float | None = None,
    patience: int | None = None,
    report_database: str | None = None,
) -> Call[motif_pb2.MotifSet]:
    """Discovers motifs in clusters or in whole sequence sets. The response is MotifSet; finding nothing is no error.
    Errors: INVALID_REQUEST (bounds, scope without its input), NOT_FOUND, ARTIFACT_KIND, EMPTY_SET, EMPTY_SPLIT,
    ONE_CLASS (a contrast needs both), TOOL_MISSING, TOOL_FAILED (exit code and the end of stderr),
    NOT_ENOUGH_SEQLETS (engine modisco), OUT_OF_MEMORY (engine modisco: the estimate does not fit; said before
    the search starts).

    Args:
        clusters: Artifact of kind clusters. Needed for DISCOVERY_SCOPE_CLUSTERS.
        dataset: Artifact of kind dataset. Needed for DISCOVERY_SCOPE_SETS, and for
            DISCOVERY_SCOPE_ATTRIBUTIONS, where it MUST be the one the attributions were computed on.
        scope: See the enum.
        contrasts: DISCOVERY_SCOPE_SETS: what is searched. Default CONTRAST_WT, CONTRAST_KO,
            CONTRAST_WT_VS_SHUFFLED, CONTRAST_KO_VS_SHUFFLED. Each at most once.
        split: DISCOVERY_SCOPE_SETS: rows taken. Default SPLIT_ALL.
        central_bp: DISCOVERY_SCOPE_SETS and DISCOVERY_SCOPE_ATTRIBUTIONS: only this many base pairs about
            the centre of each sequence; 0 = all. Default 0.
        engine: Default DISCOVERY_ENGINE_EM; for DISCOVERY_SCOPE_ATTRIBUTIONS DISCOVERY_ENGINE_MODISCO.
        model: Default SITE_MODEL_ZOOPS. DISCOVERY_ENGINE_STREME and DISCOVERY_ENGINE_WORDS know ZOOPS only.
        min_width: Narrowest motif, base pairs, 4 to 30. Default 6.
        max_width: Widest motif, base pairs, `min_width` to 30. Default 15.
        n_motifs: Most motifs per cluster or contrast, 1 to 50. Default 3.
        evalue_threshold: Motifs with a larger E are not reported, and end the search
            (DISCOVERY_ENGINE_WORDS: as `patience` says); above 0. Default 0.05.
        min_sites: Least number of sites, at least 2. Default 5.
        max_sequences: Most sequences searched per set; of a larger one a sample is taken and the summary
            says so. 20 to 1,000,000. Default 10,000.
        both_strands: Whether sites on the reverse strand count. Default true.
        seed: Seed of shuffles, samples and the hold-out. Default 42.
        tool_timeout_s: Engines meme, streme and modisco: seconds after which the program is stopped
            (TOOL_FAILED), per search. Default 3600.
        attributions: Artifact of kind attributions. Needed for DISCOVERY_SCOPE_ATTRIBUTIONS; fields 12 to
            19 do not apply there.
        max_seqlets: Engine modisco: most seqlets of each sign; of more, those of sequences drawn at random
            by `seed` are taken. 100 to 1,000,000. Default 20,000.
        min_seqlets: Engine modisco: least seqlets of a sign for a search; where neither sign has so many,
            NOT_ENOUGH_SEQLETS. At least 20. Default 100.
        seqlet_core_bp: Engine modisco: core of a seqlet, base pairs, 5 to 101. Default 21.
        seqlet_flank_bp: Engine modisco: base pairs added on either side of the core, 1 to 100. Default 10.
        seqlet_fdr: Engine modisco: target false discovery rate of seqlets, above 0, below 1. Default 0.2.
        clustering_runs: Engine modisco: clusterings with different seeds, of which the one of the largest
            modularity is kept, 1 to 500. Default 50.
        memory_limit_bytes: Engine modisco: the estimate of memory MUST be below this, bytes, at least 1
            MiB, or the search is refused before it starts (OUT_OF_MEMORY, naming a `max_seqlets` that
            fits). Default: nine tenths of what the machine has free.
        holdout_fraction: DISCOVERY_ENGINE_WORDS: share of each set put aside for the test, 0 to 0.5. Where
            that is fewer than 40 sequences of either set, and where it is 0, nothing is put aside and the
            seed word is tested in all (`test` is `words`). Default 0.1.
        patience: DISCOVERY_ENGINE_WORDS: rounds in a row without a significant motif that end the search, 1
            to 50. Default 3.
        report_database: Engine modisco: packaged release whose motifs name the patterns in report.html.
            Default `jaspar2024-vertebrates`.
    """
    return Call(
        "motif.DiscoverMotifs",
        motif_pb2.MotifSet,
        given(
            {
                "clusters": clusters,
                "dataset": dataset,
                "scope": scope,
                "contrasts": contrasts,
                "split": split,
                "central_bp": central_bp,
                "engine": engine,
                "model": model,
                "min_width": min_width,
                "max_width": max_width,
                "n_motifs": n_motifs,
                "evalue_threshold": evalue_threshold,
                "min_sites": min_sites,
                "max_sequences": max_sequences,
                "both_strands": both_strands,
                "seed": seed,
                "tool_timeout_s": tool_timeout_s,
                "attributions": attributions,
                "max_seqlets": max_seqlets,
                "min_seqlets": min_seqlets,
                "seqlet_core_bp": seqlet_core_bp,
                "seqlet_flank_bp": seqlet_flank_bp,
                "seqlet_fdr": seqlet_fdr,
                "clustering_runs": clustering_runs,
                "memory_limit_bytes": memory_limit_bytes,
                "holdout_fraction": holdout_fraction,
                "patience": patience,
                "report_database": report_database,
            }
        ),
    )


def call_seqlets(
    *,
    attributions: Ref,
    dataset: Ref,
    method: Literal["recursive", "threshold"] | None = None,
    threshold: float | None = None,
    min_length_bp: int | None = None,
    max_length_bp: int | None = None,
    z_threshold: float | None = None,
    min_bases: int | None = None,
    max_gap_bp: int | None = None,
    flank_bp: int | None = None,
) -> Call[motif_pb2.SeqletSet]:
    """Finds stretches of high attribution. The operation's response is SeqletSet; finding none is no error. Errors:
    INVALID_REQUEST (bounds, another dataset than the attributions'), NOT_FOUND, ARTIFACT_KIND.

    Args:
        attributions: Artifact of kind attributions.
        dataset: Artifact of kind dataset; MUST be the one the attributions were computed on.
        method: Default SEQLET_METHOD_RECURSIVE.
        threshold: SEQLET_METHOD_RECURSIVE: largest p, above 0, at most 1. Default 0.01.
        min_length_bp: SEQLET_METHOD_RECURSIVE: shortest seqlet, base pairs, 2 to 50. Default 4.
        max_length_bp: SEQLET_METHOD_RECURSIVE: longest seqlet, base pairs, `min_length_bp` to 100. Default
            25.
        z_threshold: SEQLET_METHOD_THRESHOLD: standard deviations of all attributions, above 0. Default
            1.96.
        min_bases: SEQLET_METHOD_THRESHOLD: least bases above it, at least 1. Default 4.
        max_gap_bp: SEQLET_METHOD_THRESHOLD: most bases below it between two that are above, at least 0.
            Default 1.
        flank_bp: Base pairs added on either side of each seqlet, cut off at the window's edges, 0 to 100.
            Default 0.
    """
    return Call(
        "motif.CallSeqlets",
        motif_pb2.SeqletSet,
        given(
            {
                "attributions": attributions,
                "dataset": dataset,
                "method": method,
                "threshold": threshold,
                "min_length_bp": min_length_bp,
                "max_length_bp": max_length_bp,
                "z_threshold": z_threshold,
                "min_bases": min_bases,
                "max_gap_bp": max_gap_bp,
                "flank_bp": flank_bp,
            }
        ),
    )


def compare_motifs(
    *,
    queries: Sequence[Ref] | None = None,
    query_file: File | None = None,
    database: str | None = None,
    database_file: File | None = None,
    family_table: File | None = None,
    distance: Literal["ed", "pearson", "allr", "kullback", "sandelin", "blic1", "llr1", "blic5", "llr5"] | None = None,
    engine: Literal["native", "memelite", "tomtom"] | None = None,
    min_overlap: int | None = None,
    trim_bits: float | None = None,
    threshold: float | None = None,
    threshold_on: Literal["qvalue", "evalue", "pvalue"] | None = None,
    top_n: int | None = None,
    database_artifact: Ref | None = None,
) -> Call[motif_pb2.MatchSet]:
    """Compares motifs with known ones and names transcription factors. The response is MatchSet; "no significant
    match" is a result, and so is a set without rows where the artifacts hold no motif (warning NO_QUERY).
    Errors: INVALID_REQUEST (also a release that is not packaged), NOT_FOUND, ARTIFACT_KIND, FILE_NOT_FOUND,
    INVALID_MOTIF_FILE, INVALID_TABLE, TOOL_MISSING, TOOL_FAILED.

    Args:
        queries: Artifacts of kind motifs, clusters, filters, units or families whose motifs are compared.
            These or `query_file` MUST be given; with both, all are compared.
        query_file: A motif file whose motifs are compared.
        database: Packaged release and taxon, `jaspar2024-vertebrates`, `jaspar2024-fungi`, …. Default
            `jaspar2024-vertebrates`. MUST be empty where `database_file` is set.
        database_file: A motif file to compare with, instead of `database`.
        family_table: TSV with columns matrix_id, name, tf_family, tf_class. Default: the annotation
            packaged with pyjaspar.
        distance: Default DISTANCE_ED. COMPARE_ENGINE_MEMELITE takes no other.
        engine: Default COMPARE_ENGINE_NATIVE.
        min_overlap: Columns that must overlap, 1 to 50; fewer where query or target is narrower. Default 5.
        trim_bits: Flanking query columns below this many bits (0 to 2) are cut before comparing; 0 = none.
            Default 0.
        threshold: A match is significant when the figure named by `threshold_on` is at most this; above 0.
            Default 0.05.
        threshold_on: Default THRESHOLD_ON_QVALUE.
        top_n: Rows kept per query beside the significant ones, 1 to 100,000. Default 10.
        database_artifact: The motifs of an artifact to compare with, instead of `database`: kinds motifs,
            clusters, filters, units, families; or a model whose filters started from motifs, which are then
            the database. With a model, queries of kind units or filters MUST be those of this model; the
            result says which filters moved away from their start.
    """
    return Call(
        "motif.CompareMotifs",
        motif_pb2.MatchSet,
        given(
            {
                "queries": queries,
                "query_file": query_file,
                "database": database,
                "database_file": database_file,
                "family_table": family_table,
                "distance": distance,
                "engine": engine,
                "min_overlap": min_overlap,
                "trim_bits": trim_bits,
                "threshold": threshold,
                "threshold_on": threshold_on,
                "top_n": top_n,
                "database_artifact": database_artifact,
            }
        ),
    )


def enrich_motifs(
    *,
    dataset: Ref,
    split: Literal["train", "validation", "test", "all"] | None = None,
    motifs: Ref | None = None,
    motifs_file: File | None = None,
    database: str | None = None,
    background: Sequence[Literal["both", "ko", "wt", "shuffled", "given"]] | None = None,
    background_fasta: File | None = None,
    mode: Sequence[Literal["fixed", "best"]] | None = None,
    threshold_pvalue: float | None = None,
    use_homer_thresholds: bool | None = None,
    test: Literal["fisher", "binomial", "hypergeometric"] | None = None,
    n_shuffles: int | None = None,
    pseudocount: float | None = None,
    seed: int | None = None,
    homer_wt: File | None = None,
    homer_ko: File | None = None,
) -> Call[motif_pb2.Enrichment]:
    """Counts known motifs in WT and KO sequences and tests enrichment. The response is Enrichment. Errors:
    INVALID_REQUEST, NOT_FOUND, ARTIFACT_KIND, EMPTY_SPLIT, ONE_CLASS, FILE_NOT_FOUND, INVALID_MOTIF_FILE,
    INVALID_FASTA.

    Args:
        dataset: Artifact of kind dataset.
        split: Default SPLIT_TEST.
        motifs: Artifact of kind motifs, clusters, filters or matches. At most one of `motifs`,
            `motifs_file` and `database`.
        motifs_file: A motif file.
        database: Packaged release and taxon. Default `jaspar2024-vertebrates` where neither of the other
            two is set.
        background: Default BACKGROUND_BOTH, BACKGROUND_SHUFFLED. Each at most once.
        background_fasta: FASTA, needed with BACKGROUND_GIVEN and not allowed without.
        mode: Default ENRICHMENT_MODE_FIXED, ENRICHMENT_MODE_BEST. Each at most once.
        threshold_pvalue: Fixed mode: a hit's score has at most this chance per position and strand; above
            0, at most 0.1. Default 1e-4.
        use_homer_thresholds: Fixed mode: take the log-odds threshold of a HOMER motif file where it gives
            one. Default true.
        test: Default ENRICHMENT_TEST_FISHER.
        n_shuffles: Shuffled copies of each sequence, 1 to 100. Default 1.
        pseudocount: Added to the motif's counts before log-odds, shared out by background frequency; above
            0, at most 10. Default 0.1.
        seed: Seed of the shuffles. Default 42.
        homer_wt: knownResults.txt that HOMER's findMotifs.pl wrote for the WT set. With it or `homer_ko`
            the artifact holds homer.parquet: HOMER's numbers beside ours for the factors of the same name.
            Errors: INVALID_TABLE.
        homer_ko: The same for the KO set.
    """
    return Call(
        "motif.EnrichMotifs",
        motif_pb2.Enrichment,
        given(
            {
                "dataset": dataset,
                "split": split,
                "motifs": motifs,
                "motifs_file": motifs_file,
                "database": database,
                "background": background,
                "background_fasta": background_fasta,
                "mode": mode,
                "threshold_pvalue": threshold_pvalue,
                "use_homer_thresholds": use_homer_thresholds,
                "test": test,
                "n_shuffles": n_shuffles,
                "pseudocount": pseudocount,
                "seed": seed,
                "homer_wt": homer_wt,
                "homer_ko": homer_ko,
            }
        ),
    )


def score_motifs(
    *,
    dataset: Ref,
    sources: Sequence[Ref] | None = None,
    motif_file: File | None = None,
    database: str | None = None,
    split: Literal["train", "validation", "test", "all"] | None = None,
    select_split: Literal["none", "train", "validation", "test", "all"] | None = None,
    output: str | None = None,
    background: Literal["uniform", "sequences"] | None = None,
    pseudocount: float | None = None,
) -> Call[motif_pb2.ScoreSet]:
    """Judges motifs by how well the best hit of each tells a dataset's sequences apart, and names the best of each
    source. The response is ScoreSet. Errors: INVALID_REQUEST (no such output, no source), NOT_FOUND,
    ARTIFACT_KIND, EMPTY_SET (no motif), EMPTY_SPLIT, ONE_CLASS, FILE_NOT_FOUND, INVALID_MOTIF_FILE.

    Args:
        sources: Artifacts of kind motifs, clusters, filters, units, families, matches or enrichment, each
            once. These, `motif_file` or `database` MUST be given; all of them are scored.
        motif_file: A motif file whose motifs are taken too.
        database: Packaged release and taxon whose motifs are scored too. Default none.
        dataset: Artifact of kind dataset, of any target type.
        split: Rows that are judged. Default SPLIT_TEST.
        select_split: Rows that rank the motifs of a source. Default SELECT_SPLIT_VALIDATION.
        output: Class or task that is positive; unresolved sequences of a task are left out. Default `WT`,
            or the only task.
        background: Default SCORE_BACKGROUND_UNIFORM.
        pseudocount: Added to the motif's counts before log-odds, shared out by background frequency; above
            0, at most 10. Default 0.1.
    """
    return Call(
        "motif.ScoreMotifs",
        motif_pb2.ScoreSet,
        given(
            {
                "sources": sources,
                "motif_file": motif_file,
                "database": database,
                "dataset": dataset,
                "split": split,
                "select_split": select_split,
                "output": output,
                "background": background,
                "pseudocount": pseudocount,
            }
        ),
    )


def scan_motifs(
    *,
    sources: Sequence[Ref] | None = None,
    motif_file: File | None = None,
    database: str | None = None,
    dataset: Ref | None = None,
    split: Literal["train", "validation", "test", "all"] | None = None,
    fasta: File | None = None,
    background: Literal["nonredundant", "uniform", "sequences", "given"] | None = None,
    background_frequencies: Sequence[float] | None = None,
    both_strands: bool | None = None,
    threshold: float | None = None,
    threshold_on: Literal["pvalue", "qvalue"] | None = None,
    qvalue_method: Literal["bh", "storey", "none"] | None = None,
    pseudocount: float | None = None,
    max_hits: int | None = None,
) -> Call[motif_pb2.HitSet]:
    """Finds all hits of motifs in sequences, with p- and q-values. The response is HitSet; finding none is no error.
    Errors: INVALID_REQUEST (bounds, no source, more than max_hits), NOT_FOUND, ARTIFACT_KIND, EMPTY_SET (no
    motif), EMPTY_SPLIT, FILE_NOT_FOUND, INVALID_MOTIF_FILE, INVALID_FASTA, FILE_TRUNCATED.

    Args:
        sources: Artifacts of kind motifs, clusters, filters, units, families, matches or enrichment, each
            once. These, `motif_file` or `database` MUST be given; all of them are scanned for.
        motif_file: A motif file whose motifs are taken too.
        database: Packaged release and taxon whose motifs are scanned for too. Default none.
        dataset: Artifact of kind dataset. This or `fasta` MUST be given, not both.
        split: Rows of the dataset. Default SPLIT_ALL.
        fasta: FASTA with sequences of any length; headers may name genomic places, `chrom:start-end`.
        background: Default SCAN_BACKGROUND_NONREDUNDANT. With both strands A and T, C and G are made equal.
        background_frequencies: A, C, G, T, each above 0, summing to 1. Needed with SCAN_BACKGROUND_GIVEN
            and not allowed without.
        both_strands: Default true.
        threshold: A hit's value is below this; above 0, at most 1. Default 1e-4.
        threshold_on: Default SCAN_THRESHOLD_ON_PVALUE.
        qvalue_method: Default QVALUE_METHOD_BH.
        pseudocount: Added to the motif's counts before log-odds, shared out by background frequency; above
            0, at most 10. Default 0.1.
        max_hits: More hits are an error, INVALID_REQUEST; 1 to 100,000,000. Default 5,000,000.
    """
    return Call(
        "motif.ScanMotifs",
        motif_pb2.HitSet,
        given(
            {
                "sources": sources,
                "motif_file": motif_file,
                "database": database,
                "dataset": dataset,
                "split": split,
                "fasta": fasta,
                "background": background,
                "background_frequencies": background_frequencies,
                "both_strands": both_strands,
                "threshold": threshold,
                "threshold_on": threshold_on,
                "qvalue_method": qvalue_method,
                "pseudocount": pseudocount,
                "max_hits": max_hits,
            }
        ),
    )


def group_motifs(
    *,
    sources: Sequence[Ref] | None = None,
    motif_file: File | None = None,
    similarity: Literal["correlation", "tomtom"] | None = None,
    min_similarity: float | None = None,
    max_pvalue: float | None = None,
    min_overlap: int | None = None,
    weighting: Literal["information", "sites", "equal"] | None = None,
    replicates: Literal["auto", "artifact", "seed"] | None = None,
    trim_bits: float | None = None,
    max_motifs: int | None = None,
) -> Call[motif_pb2.FamilySet]:
    """Groups alike motifs of several seeds, folds or runs into families with a consensus each. The response is
    FamilySet. Errors: INVALID_REQUEST (bounds, no source, more than max_motifs), NOT_FOUND, ARTIFACT_KIND,
    EMPTY_SET (no motif), FILE_NOT_FOUND, INVALID_MOTIF_FILE.

    Args:
        sources: Artifacts of kind motifs, clusters, filters, units, families, matches or enrichment, each
            once. These or `motif_file` MUST be given; all of them are grouped together.
        motif_file: A motif file whose motifs are taken too.
        similarity: Default GROUP_SIMILARITY_CORRELATION.
        min_similarity: Families join while their mean similarity (correlation) is at least this; between 0
            and 1. Default 0.75.
        max_pvalue: Families join while their geometric mean p (tomtom) is at most this; between 0 and 1.
            Default 1e-4.
        min_overlap: Columns that must overlap, 1 to 50; fewer where a motif is narrower. Default 5.
        weighting: Default GROUP_WEIGHTING_INFORMATION.
        replicates: Default REPLICATES_AUTO.
        trim_bits: Flanks of a consensus below this many bits (0 to 2) are cut. Default 0.1.
        max_motifs: More motifs are an error, INVALID_REQUEST; 1 to 10,000. Default 5,000.
    """
    return Call(
        "motif.GroupMotifs",
        motif_pb2.FamilySet,
        given(
            {
                "sources": sources,
                "motif_file": motif_file,
                "similarity": similarity,
                "min_similarity": min_similarity,
                "max_pvalue": max_pvalue,
                "min_overlap": min_overlap,
                "weighting": weighting,
                "replicates": replicates,
                "trim_bits": trim_bits,
                "max_motifs": max_motifs,
            }
        ),
    )
