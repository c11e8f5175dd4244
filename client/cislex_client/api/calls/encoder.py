"""Calls of the encoder. Made by scripts/client_calls.py from its proto: change that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from cislex.encoder.v1 import encoder_pb2

from cislex_client.api.call import Call, File, Question, Ref, given


def register_genome(*, fasta: File, alias_table: File | None = None) -> Call[encoder_pb2.Genome]:
    """Read a genome's identity. Response: Genome. Errors: INVALID_REQUEST, FILE_NOT_FOUND, FILE_TRUNCATED,
    INVALID_FASTA, INVALID_TABLE (alias table), DISK_FULL.

    Args:
        fasta: Genome FASTA, plain, gzip or bgzip. REQUIRED.
        alias_table: Other names of the contigs: rows of two or more tab-separated names, one of them the
            genome's own.
    """
    return Call("encoder.RegisterGenome", encoder_pb2.Genome, given({"fasta": fasta, "alias_table": alias_table}))


def compare_genomes(
    *, genome_a: str | None = None, genome_b: str | None = None
) -> Question[encoder_pb2.CompareGenomesResponse]:
    """Whether two registered genomes are the same, and if not, in what they differ. Errors: INVALID_REQUEST,
    NOT_FOUND.

    Args:
        genome_a: Resource name of a genome.
        genome_b: Resource name of a genome.
    """
    return Question(
        "encoder.CompareGenomes",
        encoder_pb2.CompareGenomesResponse,
        given({"genome_a": genome_a, "genome_b": genome_b}),
    )


def label_peaks(
    *,
    counts: File | None = None,
    differential: File | None = None,
    wt: File | None = None,
    ko: File | None = None,
    definition: Literal["unchanged", "specific"] | None = None,
    wt_columns: Sequence[str] | None = None,
    ko_columns: Sequence[str] | None = None,
    log2fc_column: str | None = None,
    padj_column: str | None = None,
    contrast: Literal["ko_over_wt", "wt_over_ko"] | None = None,
    normalization: Literal["none", "cpm"] | None = None,
    ko_min_log2fc: float | None = None,
    wt_max_abs_log2fc: float | None = None,
    wt_max_log2fc: float | None = None,
    wt_min_count: float | None = None,
    max_padj: float | None = None,
    pseudocount: float | None = None,
    coordinate_base: int | None = None,
) -> Call[encoder_pb2.Peaks]:
    """Make the WT and KO sets. Response: Peaks. Errors: INVALID_REQUEST, FILE_NOT_FOUND, FILE_TRUNCATED,
    INVALID_TABLE, INVALID_INTERVALS, EMPTY_SET.

    Args:
        counts: Exactly one of `counts`, `differential`, or `wt` with `ko` MUST be given. `counts`: CSV or
            TSV with a header, places in columns chrom, start, end or in a first cell such as chr1:100-200,
            and one column of counts per sample.
        differential: A DESeq2 or edgeR table: places as above, log2 fold change and adjusted p.
        wt: Peaks of the wild type, as given.
        ko: Peaks of the knockout, as given.
        definition: Default LABEL_DEFINITION_UNCHANGED.
        wt_columns: Columns of the wild-type samples, averaged. Default: all whose title begins with `WT`
            (any case).
        ko_columns: Columns of the knockout samples, averaged. Default: all whose title begins with `KO`.
        log2fc_column: Title of the column of log2 fold changes. Default: log2FoldChange, logFC and the
            like.
        padj_column: Title of the column of adjusted p. Default: padj, FDR and the like.
        contrast: Default CONTRAST_KO_OVER_WT.
        normalization: Default NORMALIZATION_NONE. Counts only.
        ko_min_log2fc: KO: log2FC greater than this. Default 1.
        wt_max_abs_log2fc: WT, unchanged: |log2FC| smaller than this. Default 0.2.
        wt_max_log2fc: WT, specific: log2FC smaller than this. Default -1.
        wt_min_count: WT, unchanged: mean WT count (differential: baseMean, where that column exists)
            greater than this. Default 10.
        max_padj: Differential: adjusted p of KO and of specific WT at most this. Default 0.05.
        pseudocount: Added to both means before the ratio of counts. Default 1.
        coordinate_base: 0: starts are 0-based (BED). 1: starts are 1-based, ends included (R, MACS .xls).
            Default 0.
    """
    return Call(
        "encoder.LabelPeaks",
        encoder_pb2.Peaks,
        given(
            {
                "counts": counts,
                "differential": differential,
                "wt": wt,
                "ko": ko,
                "definition": definition,
                "wt_columns": wt_columns,
                "ko_columns": ko_columns,
                "log2fc_column": log2fc_column,
                "padj_column": padj_column,
                "contrast": contrast,
                "normalization": normalization,
                "ko_min_log2fc": ko_min_log2fc,
                "wt_max_abs_log2fc": wt_max_abs_log2fc,
                "wt_max_log2fc": wt_max_log2fc,
                "wt_min_count": wt_min_count,
                "max_padj": max_padj,
                "pseudocount": pseudocount,
                "coordinate_base": coordinate_base,
            }
        ),
    )


def build_dataset(
    *,
    genome: File | None = None,
    wt: File | None = None,
    ko: File | None = None,
    wt_fasta: File | None = None,
    ko_fasta: File | None = None,
    peaks: Ref | None = None,
    window_bp: int | None = None,
    test_chroms: Sequence[str] | None = None,
    validation_chroms: Sequence[str] | None = None,
    split_by: Literal["chromosome", "random", "stratified", "given"] | None = None,
    alias: Literal["none", "auto"] | None = None,
    alias_table: File | None = None,
    max_unknown_fraction: float | None = None,
    blacklist: File | None = None,
    balance: bool | None = None,
    max_per_class: int | None = None,
    seed: int | None = None,
    max_n_fraction: float | None = None,
    pad: Literal["center", "end"] | None = None,
    conflict_distance_bp: int | None = None,
    min_distance_bp: int | None = None,
    coordinate_base: int | None = None,
    protocol: Literal["default", "paper"] | None = None,
    test_fraction: float | None = None,
    validation_fraction: float | None = None,
) -> Call[encoder_pb2.Dataset]:
    """Cut, encode, clean, balance and split. Response: Dataset. Errors: INVALID_REQUEST, FILE_NOT_FOUND,
    FILE_TRUNCATED, INVALID_INTERVALS (rows that cannot be read, or that reach past their contig),
    INVALID_TABLE, INVALID_FASTA, CONTIG_UNKNOWN (with metadata `proposed_aliases`, JSON, where other names are
    likely), EMPTY_SET, ONE_CLASS, EMPTY_SPLIT, DISK_FULL.

    Args:
        genome: Exactly one source MUST be given: `wt` with `ko`, `wt_fasta` with `ko_fasta`, or `peaks`.
            `genome`: FASTA, plain, gzip or bgzip; REQUIRED with peaks, except those of a simulation, which
            holds its own.
        wt: WT peaks: BED3 to BED6+, narrowPeak, or CSV/TSV with named columns; .gz taken; track, browser
            and comment lines passed over. The summit is narrowPeak's column 10, a table's `summit`
            (absolute) or `summit_offset`, else the midpoint.
        ko: KO peaks, likewise.
        wt_fasta: Ready WT sequences, FASTA. A header `chrom:start-end`, with `(strand)` or `name::`, gives
            the chromosome for the split.
        ko_fasta: Ready KO sequences, likewise.
        peaks: Artifact of kind peaks or simulation.
        window_bp: Width of the window, even, at least 8: [summit - w/2, summit + w/2). Default 600; for
            ready sequences their most frequent length (made even).
        test_chroms: Chromosomes of the test set; `6` also means chr6. Default: chr6 and chr7 of a mouse,
            else the one to three chromosomes nearest 15 % of the rows.
        validation_chroms: Chromosomes of the validation set. Default: those nearest 10 % of the rest; none
            under PROTOCOL_PAPER.
        split_by: Default SPLIT_BY_CHROMOSOME. Ready sequences without a chromosome are split at random,
            with a warning.
        alias: Default ALIAS_MODE_NONE. Ignored when `alias_table` is given.
        alias_table: Names of contigs: rows of two or more tab-separated names, one of them the genome's
            own.
        max_unknown_fraction: Rows on contigs that have no known other name are left out (`contig_unknown`)
            when they are at most this share of a file, else CONTIG_UNKNOWN. Default 0.1.
        blacklist: BED of regions to avoid: a window that shares a base with one is dropped.
        balance: Down-sample the larger class. Default true. See Protocol for when.
        max_per_class: Keep at most this many of each class, chosen by seed before the split. Default: all.
        seed: Of every random choice. Default 42.
        max_n_fraction: Drop windows with a larger share of N (ready sequences: of their own letters,
            padding not counted). Default 0.1.
        pad: Default PAD_CENTER; under PROTOCOL_PAPER PAD_END. Ready sequences only: windows that leave a
            contig are dropped.
        conflict_distance_bp: A WT and a KO row whose window centres are nearer than this are both dropped
            (`label_conflict`). Default half a window: such windows share more than half their bases. Ready
            sequences found in both sets on either strand go as well.
        min_distance_bp: Within a class, drop rows whose centre is nearer than this to one kept before it.
            Default 0: equal windows only.
        coordinate_base: Of tables and BED files: 0 (BED) or 1 (starts count from 1, ends included). Default
            0.
        protocol: Default PROTOCOL_DEFAULT.
        test_fraction: Random split: share of each class that is the test set. Default 0.15.
        validation_fraction: Random split: share of each class that is the validation set. Default 10 % of
            what the test set leaves (0.085).
    """
    return Call(
        "encoder.BuildDataset",
        encoder_pb2.Dataset,
        given(
            {
                "genome": genome,
                "wt": wt,
                "ko": ko,
                "wt_fasta": wt_fasta,
                "ko_fasta": ko_fasta,
                "peaks": peaks,
                "window_bp": window_bp,
                "test_chroms": test_chroms,
                "validation_chroms": validation_chroms,
                "split_by": split_by,
                "alias": alias,
                "alias_table": alias_table,
                "max_unknown_fraction": max_unknown_fraction,
                "blacklist": blacklist,
                "balance": balance,
                "max_per_class": max_per_class,
                "seed": seed,
                "max_n_fraction": max_n_fraction,
                "pad": pad,
                "conflict_distance_bp": conflict_distance_bp,
                "min_distance_bp": min_distance_bp,
                "coordinate_base": coordinate_base,
                "protocol": protocol,
                "test_fraction": test_fraction,
                "validation_fraction": validation_fraction,
            }
        ),
    )


def import_dataset(
    *,
    fasta: Mapping[str, File] | None = None,
    fastq: Mapping[str, File] | None = None,
    regions: Mapping[str, File] | None = None,
    pbm: Mapping[str, File] | None = None,
    matrix: File | None = None,
    anndata: File | None = None,
    one_hot: File | None = None,
    targets: File | None = None,
    task_names: File | None = None,
    row_names: File | None = None,
    genome: File | None = None,
    window_bp: int | None = None,
    target_type: Literal["multilabel", "regression"] | None = None,
    tasks: Sequence[str] | None = None,
    metadata: File | None = None,
    task_groups: File | None = None,
    group_column: str | None = None,
    cluster_column: str | None = None,
    regions_axis: Literal["obs", "var"] | None = None,
    layer: str | None = None,
    binarize: bool | None = None,
    channel_order: str | None = None,
    drop_unresolved_tasks: bool | None = None,
    drop_one_class_tasks: bool | None = None,
    resolved_only: bool | None = None,
    clip_left_bp: int | None = None,
    clip_right_bp: int | None = None,
    max_n_fraction: float | None = None,
    collapse_duplicates: bool | None = None,
    drop_conflicts: bool | None = None,
    pad: Literal["center", "end"] | None = None,
    alias: Literal["none", "auto"] | None = None,
    alias_table: File | None = None,
    max_unknown_fraction: float | None = None,
    blacklist: File | None = None,
    coordinate_base: int | None = None,
    sequence_column: str | None = None,
    intensity_column: str | None = None,
    flag_column: str | None = None,
    normalization: Literal["none", "quantile_uniform", "quantile_normal", "log2"] | None = None,
    split_by: Literal["chromosome", "random", "stratified", "given"] | None = None,
    test_chroms: Sequence[str] | None = None,
    validation_chroms: Sequence[str] | None = None,
    test_fraction: float | None = None,
    validation_fraction: float | None = None,
    split_column: str | None = None,
    max_rows: int | None = None,
    seed: int | None = None,
) -> Call[encoder_pb2.Dataset]:
    """Read sequences by class, reads, probes, or targets by region or sequence; encode, clean and split. Response:
    Dataset. Errors: INVALID_REQUEST, FILE_NOT_FOUND, FILE_TRUNCATED, INVALID_FASTA (FASTQ as well),
    INVALID_INTERVALS, INVALID_TABLE (a table that cannot be read; a value that is no target, with file, row,
    column and value), CONTIG_UNKNOWN, EMPTY_SET, ONE_CLASS (a task with one class), EMPTY_TASK (a task with
    unresolved entries only), EMPTY_SPLIT, DISK_FULL.

    Args:
        fasta: Exactly one source of `fasta`, `fastq`, `regions`, `pbm`, `matrix`, `anndata` and `one_hot`
            MUST be given. Ready sequences, one file per class, in the order of the classes; one class alone
            is taken, for SampleNegatives.
        fastq: Reads, one file per class (HT-SELEX: per cycle). Qualities are not looked at.
        regions: BED, narrowPeak or tables of regions, one file per class; with `genome`.
        pbm: Tables of probes, one per array: a sequence and an intensity. Regression with the task
            `intensity`.
        matrix: Targets by region or sequence: .tsv or .csv (.gz) with a header, .parquet, .npz (arrays
            `data`, `rows`, `columns`) or .npy (with `row_names` and `task_names`). Regions are a name
            chrom:start-end or columns chrom, start, end, and need `genome`; or a column holds sequences. An
            array of tasks by regions is turned.
        anndata: .h5ad, regions by cells, read in chunks; with `genome`. Tasks are clusters of cells
            (`cluster_column`), or the cells.
        one_hot: .npy (n, 4, length) one-hot, channels as `channel_order` says; with `targets`.
        targets: .npy (n, tasks), for `one_hot`.
        task_names: Names of the tasks: .npy of strings, or text with one name a line. For .npy sources.
        row_names: Names of the rows, likewise.
        genome: Genome FASTA, plain, gzip or bgzip.
        window_bp: Width of every sequence, at least 8. Regions: windows about the summit, else the centre
            c: [c - w/2, c - w/2 + w), w/2 rounded down. Default: the most frequent length of the regions or
            sequences.
        target_type: Default: found out.
        tasks: Only these tasks, in this order. Default: all.
        metadata: Table (.tsv, .csv, .parquet) with a column `name`, else its first, that meets the rows'
            names: its other columns become columns of rows.parquet. Rows it does not name get null.
        task_groups: Table with columns task and group (lineage, family).
        group_column: AnnData: column of the cells' table that groups the tasks.
        cluster_column: AnnData: column of the cells' table with their clusters; a target is the mean over a
            cluster's cells. Cells without a cluster are left out. Empty: every cell is a task.
        regions_axis: AnnData. Default: found out.
        layer: AnnData: layer to read. Empty: X.
        binarize: AnnData: count every value above 0 as 1. Default false.
        channel_order: Letters of the channels of `one_hot`, in order. Default ACGT; AI-TAC's arrays are
            ATGC.
        drop_unresolved_tasks: Leave out tasks that have only unresolved entries, and say so. Default false:
            such a task is an error.
        drop_one_class_tasks: Leave out tasks all of whose known entries are equal, and say so. Default
            false: such a task is an error.
        resolved_only: Leave out rows with any unresolved (multilabel) or missing (regression) entry.
            Default false.
        clip_left_bp: Bases cut from the beginning of each read or probe. SMiLE-seq: 7. Default 0.
        clip_right_bp: Bases cut from the end. SMiLE-seq: 64; PBM: the length of the linker, to leave it
            out. Default 0.
        max_n_fraction: Drop rows with a larger share of N, padding not counted. Default 0.1; ExplaiNN's
            data had none: 0.
        collapse_duplicates: Of equal rows of a class (windows; sequences on either strand) keep the first;
            `n_equal` of rows.parquet counts them. Default true; false for fastq, pbm and one_hot.
        drop_conflicts: Drop rows of two classes that are equal or, with a genome, whose windows share more
            than half their bases. Default true for fasta and regions, false for others: a sequence may well
            be read in two cycles.
        pad: Default PAD_CENTER. Ready sequences only.
        alias: Default ALIAS_MODE_NONE. Ignored when `alias_table` is given.
        alias_table: Names of contigs: rows of two or more tab-separated names, one of them the genome's
            own.
        max_unknown_fraction: As in BuildDatasetRequest. Default 0.1.
        blacklist: BED of regions to avoid.
        coordinate_base: Of tables and BED files: 0 (BED) or 1. Default 0.
        sequence_column: Column of sequences in `matrix` or `pbm`. Default: `sequence`, `pbm_sequence`,
            `probe_sequence`, `seq`; without a header the column that is DNA.
        intensity_column: Column of intensities in `pbm`. Default: `intensity`, `mean_signal_intensity`,
            `signal` and the like; without a header the first of numbers.
        flag_column: Column of flags in `pbm`: a probe with anything but 0, false or nothing is dropped
            (`flagged`). Default: `flag`, `flagged`, `control`; probes without an intensity are dropped as
            well.
        normalization: Default PROBE_NORMALIZATION_QUANTILE_UNIFORM. For `pbm`.
        split_by: Default: given where files or a column say the splits; else by chromosome where every row
            names one and there are three or more; else SPLIT_BY_STRATIFIED for classes and SPLIT_BY_RANDOM
            for tasks.
        test_chroms: Chromosomes of the test set. Default as in BuildDatasetRequest.
        validation_chroms: Chromosomes of the validation set, likewise.
        test_fraction: Share of the rows, random and stratified splits. Default 0.1; 0: no test set.
        validation_fraction: Share of the rows. Default 0.1.
        split_column: Column of the matrix or of `metadata` with train, validation (val, valid, dev) or
            test.
        max_rows: Keep at most this many rows of each class (of all rows for tasks), chosen by seed before
            the split. Default: all.
        seed: Of every random choice. Default 42.
    """
    return Call(
        "encoder.ImportDataset",
        encoder_pb2.Dataset,
        given(
            {
                "fasta": fasta,
                "fastq": fastq,
                "regions": regions,
                "pbm": pbm,
                "matrix": matrix,
                "anndata": anndata,
                "one_hot": one_hot,
                "targets": targets,
                "task_names": task_names,
                "row_names": row_names,
                "genome": genome,
                "window_bp": window_bp,
                "target_type": target_type,
                "tasks": tasks,
                "metadata": metadata,
                "task_groups": task_groups,
                "group_column": group_column,
                "cluster_column": cluster_column,
                "regions_axis": regions_axis,
                "layer": layer,
                "binarize": binarize,
                "channel_order": channel_order,
                "drop_unresolved_tasks": drop_unresolved_tasks,
                "drop_one_class_tasks": drop_one_class_tasks,
                "resolved_only": resolved_only,
                "clip_left_bp": clip_left_bp,
                "clip_right_bp": clip_right_bp,
                "max_n_fraction": max_n_fraction,
                "collapse_duplicates": collapse_duplicates,
                "drop_conflicts": drop_conflicts,
                "pad": pad,
                "alias": alias,
                "alias_table": alias_table,
                "max_unknown_fraction": max_unknown_fraction,
                "blacklist": blacklist,
                "coordinate_base": coordinate_base,
                "sequence_column": sequence_column,
                "intensity_column": intensity_column,
                "flag_column": flag_column,
                "normalization": normalization,
                "split_by": split_by,
                "test_chroms": test_chroms,
                "validation_chroms": validation_chroms,
                "test_fraction": test_fraction,
                "validation_fraction": validation_fraction,
                "split_column": split_column,
                "max_rows": max_rows,
                "seed": seed,
            }
        ),
    )


def sample_negatives(
    *,
    dataset: Ref,
    method: Literal["gc_pool", "gc_genome", "dinucleotide", "subsample"],
    pool: File | None = None,
    genome: File | None = None,
    positive_class: str | None = None,
    negative_name: str | None = None,
    ratio: float | None = None,
    match_gc: bool | None = None,
    max_n_fraction: float | None = None,
    blacklist: File | None = None,
    alias: Literal["none", "auto"] | None = None,
    alias_table: File | None = None,
    max_unknown_fraction: float | None = None,
    coordinate_base: int | None = None,
    seed: int | None = None,
) -> Call[encoder_pb2.Dataset]:
    """Make negatives for a dataset's positives: a new dataset. Where too few are found it warns (TOO_FEW_NEGATIVES)
    with the numbers. Response: Dataset. Errors: INVALID_REQUEST, NOT_FOUND, ARTIFACT_KIND, GENOME_MISMATCH,
    FILE_NOT_FOUND, FILE_TRUNCATED, INVALID_INTERVALS, INVALID_TABLE, INVALID_FASTA, CONTIG_UNKNOWN, EMPTY_SET,
    DISK_FULL.

    Args:
        dataset: Resource name or digest of a dataset of one class, of several (with `positive_class`), or
            of several tasks. REQUIRED.
        method: REQUIRED.
        pool: Regions to choose from, BED or the like, resized to the dataset's window. For
            NEGATIVE_METHOD_GC_POOL.
        genome: The dataset's genome; another one is an error (GENOME_MISMATCH). For pool and genome.
        positive_class: The class that is positive; rows of other classes are left out, or, for
            NEGATIVE_METHOD_SUBSAMPLE, are the negatives. Default: the only class; of KO and WT, WT. Of
            several tasks, rows with a 1 are positive and negatives are rows of zeros.
        negative_name: Name of the class of negatives. Default `negative`; a dataset of two classes keeps
            its own names.
        ratio: Negatives per positive, within each split. Default 1.
        match_gc: Match GC content in bins of 0.02 within each split. Default true.
            NEGATIVE_METHOD_SUBSAMPLE only; pool and genome always match, shuffling always keeps it.
        max_n_fraction: Largest share of N of a negative. Default 0.1.
        blacklist: BED of regions that no negative may touch.
        alias: Of the pool's contig names. Default ALIAS_MODE_NONE.
        alias_table: Names of contigs.
        max_unknown_fraction: As in BuildDatasetRequest. Default 0.1.
        coordinate_base: Of the pool: 0 (BED) or 1. Default 0.
        seed: Default 42.
    """
    return Call(
        "encoder.SampleNegatives",
        encoder_pb2.Dataset,
        given(
            {
                "dataset": dataset,
                "method": method,
                "pool": pool,
                "genome": genome,
                "positive_class": positive_class,
                "negative_name": negative_name,
                "ratio": ratio,
                "match_gc": match_gc,
                "max_n_fraction": max_n_fraction,
                "blacklist": blacklist,
                "alias": alias,
                "alias_table": alias_table,
                "max_unknown_fraction": max_unknown_fraction,
                "coordinate_base": coordinate_base,
                "seed": seed,
            }
        ),
    )


def simulate_dataset(
    *,
    design: Literal["multilabel", "additive", "cooperative"] | None = None,
    n_sequences: int | None = None,
    window_bp: int | None = None,
    n_motifs: int | None = None,
    gc_content: float | None = None,
    motif_share: float | None = None,
    unresolved_share: float | None = None,
    max_distance_bp: int | None = None,
    effect_a: float | None = None,
    effect_b: float | None = None,
    effect_both: float | None = None,
    noise_sd: float | None = None,
    test_fraction: float | None = None,
    validation_fraction: float | None = None,
    seed: int | None = None,
) -> Call[encoder_pb2.Dataset]:
    """Make a dataset with planted motifs whose labels or values follow a known rule; planted.json holds the sites and
    the rule. Response: Dataset. Errors: INVALID_REQUEST, DISK_FULL.

    Args:
        design: Default SIMULATION_DESIGN_MULTILABEL.
        n_sequences: Default 4,000.
        window_bp: Width, at least 80. Default 200.
        n_motifs: Motifs of the multilabel design, 2 or 3: RELA, FOS::JUN, SP1. Default 3. The other designs
            plant RELA (A) and FOS::JUN (B).
        gc_content: Share of G and C of the background. Default 0.45.
        motif_share: Share of sequences with each motif, independently. Default 0.5.
        unresolved_share: Share of unresolved entries, multilabel. Default 0.1.
        max_distance_bp: Largest distance between the middles of A and B at which they work together.
            Default 40.
        effect_a: What A adds. Default 1.
        effect_b: What B adds. Default 1.
        effect_both: What A and B near each other add on top, cooperative design. Default 2.
        noise_sd: Standard deviation of the noise, regression designs. Default 0.1.
        test_fraction: Default 0.1.
        validation_fraction: Default 0.1.
        seed: Default 42.
    """
    return Call(
        "encoder.SimulateDataset",
        encoder_pb2.Dataset,
        given(
            {
                "design": design,
                "n_sequences": n_sequences,
                "window_bp": window_bp,
                "n_motifs": n_motifs,
                "gc_content": gc_content,
                "motif_share": motif_share,
                "unresolved_share": unresolved_share,
                "max_distance_bp": max_distance_bp,
                "effect_a": effect_a,
                "effect_b": effect_b,
                "effect_both": effect_both,
                "noise_sd": noise_sd,
                "test_fraction": test_fraction,
                "validation_fraction": validation_fraction,
                "seed": seed,
            }
        ),
    )


def simulate(
    *,
    seed: int | None = None,
    n_wt: int | None = None,
    n_ko: int | None = None,
    window_bp: int | None = None,
    n_chroms: int | None = None,
    gc_content: float | None = None,
    motif_share: float | None = None,
    common_share: float | None = None,
    max_offset_bp: int | None = None,
) -> Call[encoder_pb2.Simulation]:
    """Make a small genome and two peak sets with planted motifs. Response: Simulation. Errors: INVALID_REQUEST,
    DISK_FULL.

    Args:
        seed: Default 42.
        n_wt: WT peaks. Default 1,200.
        n_ko: KO peaks. Default 1,200.
        window_bp: Width of the peaks, even, 60 to 10,000. Default 200.
        n_chroms: Chromosomes, of unequal length, at least 3. Default 8.
        gc_content: Share of G and C of the genome and, on average, of the windows of both sets. Default
            0.45.
        motif_share: Share of WT peaks with a RELA site and of KO peaks with a FOS::JUN site. Default 0.95.
        common_share: Share of peaks of either set with an SP1 site. Default 0.5.
        max_offset_bp: Largest distance of a site's middle from the peak's. Default a quarter of the window.
    """
    return Call(
        "encoder.Simulate",
        encoder_pb2.Simulation,
        given(
            {
                "seed": seed,
                "n_wt": n_wt,
                "n_ko": n_ko,
                "window_bp": window_bp,
                "n_chroms": n_chroms,
                "gc_content": gc_content,
                "motif_share": motif_share,
                "common_share": common_share,
                "max_offset_bp": max_offset_bp,
            }
        ),
    )


def encode_sequences(
    *,
    sequences: Sequence[str] | None = None,
    length: int | None = None,
    pad: Literal["center", "end"] | None = None,
    encoding: Literal["codes", "one_hot"] | None = None,
    reverse_complement: bool | None = None,
) -> Question[encoder_pb2.EncodeSequencesResponse]:
    """Encode a few sequences at once, for other systems. Errors: INVALID_REQUEST (too much for one message),
    INVALID_FASTA (a letter that is no nucleotide).

    Args:
        sequences: Sequences, at most 1,048,576 letters together. Case does not matter; IUPAC letters other
            than A, C, G, T become N.
        length: Length of every answer; 0 = that of the longest sequence.
        pad: Default PAD_CENTER.
        encoding: Default ENCODING_CODES.
        reverse_complement: Answer the reverse complement of each sequence.
    """
    return Question(
        "encoder.EncodeSequences",
        encoder_pb2.EncodeSequencesResponse,
        given(
            {
                "sequences": sequences,
                "length": length,
                "pad": pad,
                "encoding": encoding,
                "reverse_complement": reverse_complement,
            }
        ),
    )
