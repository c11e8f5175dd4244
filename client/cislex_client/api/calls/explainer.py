"""Calls of the explainer. Made by scripts/client_calls.py from its proto: change that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cislex.explainer.v1 import explainer_pb2

from cislex_client.api.call import Call, File, Ref, given


def compute_attributions(
    *,
    model: Ref,
    dataset: Ref,
    split: Literal["train", "validation", "test", "all"] | None = None,
    method: Literal["saliency", "input_x_gradient", "integrated_gradients", "deeplift_shap", "ism"] | None = None,
    target: Literal["wt_minus_ko", "predicted", "output"] | None = None,
    seed_index: int | None = None,
    gradient_correction: bool | None = None,
    steps: int | None = None,
    baseline: Literal["uniform", "zeros", "dinucleotide_shuffle"] | None = None,
    n_baselines: int | None = None,
    baseline_seed: int | None = None,
    rc_average: bool | None = None,
    batch_size: int | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
    protocol: Literal["default", "paper"] | None = None,
    outputs: Sequence[str] | None = None,
    max_rows: int | None = None,
    row_choice: Literal["even", "score"] | None = None,
    max_convergence_delta: float | None = None,
    fallback: Literal["none", "integrated_gradients", "ism"] | None = None,
    memory_limit_bytes: int | None = None,
) -> Call[explainer_pb2.Attributions]:
    """Scores every base of a split. The operation's response is Attributions. Errors: INVALID_REQUEST (bounds,
    seed_index, unknown outputs, a target that the dataset has not, windows of model and dataset differ),
    NOT_FOUND, ARTIFACT_KIND, EMPTY_SPLIT, DEVICE_UNAVAILABLE, NOT_CONVERGED (DeepLIFT/SHAP whose attributions
    do not add up, and no fallback allowed), OUT_OF_MEMORY (batch_size 1 does not fit), DISK_FULL.

    Args:
        model: Artifact of kind model. MUST be trained on windows as wide as the dataset's.
        dataset: Artifact of kind dataset.
        split: Default SPLIT_TEST.
        method: Default ATTRIBUTION_METHOD_SALIENCY.
        target: Default: ATTRIBUTION_TARGET_OUTPUT where `outputs` is set, else ATTRIBUTION_TARGET_PREDICTED
            under PROTOCOL_PAPER, else by the dataset: ATTRIBUTION_TARGET_WT_MINUS_KO where its classes are
            WT and KO, ATTRIBUTION_TARGET_PREDICTED for other classes, ATTRIBUTION_TARGET_OUTPUT for tasks
            (where there is only one, `outputs` may be left out).
        seed_index: Explain this one of the model's seeds, counted from 0. Not set: the mean of the logits
            of all seeds, whose gradient is the mean of their gradients.
        gradient_correction: Subtract from each position's gradient its mean over the four channels.
            Default: true for ATTRIBUTION_METHOD_INPUT_X_GRADIENT, false for the others.
        steps: Integrated gradients: number of points of the midpoint rule between baseline and sequence; 2
            to 1,000. Default 50.
        baseline: Integrated gradients: where to start. Default BASELINE_UNIFORM.
        n_baselines: BASELINE_DINUCLEOTIDE_SHUFFLE and DeepLIFT/SHAP: shuffles per sequence, 1 to 100.
            Default 20.
        baseline_seed: BASELINE_DINUCLEOTIDE_SHUFFLE and DeepLIFT/SHAP: seed of the shuffles; each
            sequence's depend on it and its row alone. Default 42.
        rc_average: Average with the attributions of the reverse complement, turned back. Default false.
        batch_size: Sequences per batch, 1 to 65,536. Default 32 on a CPU, 512 on a GPU, less where the
            estimate of memory says that so many do not fit. Results do not depend on it beyond rounding; it
            is halved when the device's memory runs out.
        device: Default DEVICE_AUTO.
        protocol: Default PROTOCOL_DEFAULT.
        outputs: ATTRIBUTION_TARGET_OUTPUT: names of classes or tasks of the dataset, each at most once; the
            mean of their logits (regression: values) is attributed, so all cell types of a lineage are one
            number.
        max_rows: Most sequences explained, at least 1. Default: all of the split.
        row_choice: Which, where the split holds more than `max_rows`. Default ROW_CHOICE_EVEN.
        max_convergence_delta: DeepLIFT/SHAP: largest relative convergence delta of a sequence, above 0, at
            most 1. With f the attributed number, a sequence's delta is the largest |sum of attributions −
            (f(sequence) − f(shuffle))| over its shuffles; relative, it is divided by the largest
            |f(sequence) − f(shuffle)|, or by a hundredth of the largest |f| where that is more. Default
            0.01.
        fallback: DeepLIFT/SHAP: what to do when a sequence's delta is larger. Default FALLBACK_NONE.
        memory_limit_bytes: Memory that a batch may take, bytes, at least 1 MiB; `batch_size`'s default
            follows from it. Default: half of what the device has free.
    """
    return Call(
        "explainer.ComputeAttributions",
        explainer_pb2.Attributions,
        given(
            {
                "model": model,
                "dataset": dataset,
                "split": split,
                "method": method,
                "target": target,
                "seed_index": seed_index,
                "gradient_correction": gradient_correction,
                "steps": steps,
                "baseline": baseline,
                "n_baselines": n_baselines,
                "baseline_seed": baseline_seed,
                "rc_average": rc_average,
                "batch_size": batch_size,
                "device": device,
                "protocol": protocol,
                "outputs": outputs,
                "max_rows": max_rows,
                "row_choice": row_choice,
                "max_convergence_delta": max_convergence_delta,
                "fallback": fallback,
                "memory_limit_bytes": memory_limit_bytes,
            }
        ),
    )


def extract_kmers(
    *,
    attributions: Ref,
    dataset: Ref,
    model: Ref | None = None,
    k: int | None = None,
    top_n: int | None = None,
    min_distance: int | None = None,
    kmer_protocol: Literal["default", "eq3", "code"] | None = None,
    rc_aware: bool | None = None,
    k_rank: int | None = None,
) -> Call[explainer_pb2.KmerSet]:
    """Cuts k-mers at the most important positions and ranks words by summed importance. The response is KmerSet.
    Errors: INVALID_REQUEST (k with a fixed protocol, another dataset or model than the attributions'),
    KMER_TOO_LONG, NOT_FOUND, ARTIFACT_KIND.

    Args:
        attributions: Artifact of kind attributions.
        dataset: Artifact of kind dataset; MUST be the one the attributions were computed on.
        model: Artifact of kind model; when set it MUST be the one the attributions were computed with.
            Predicted classes come with the attributions, so nothing else is read from it.
        k: Length of the k-mers, base pairs; at most the window. Default 20; 13 under KMER_PROTOCOL_EQ3 and
            12 under KMER_PROTOCOL_CODE, where no other value is allowed.
        top_n: Positions per sequence, highest importance first, 1 to 100. Default 3.
        min_distance: Least distance between two positions of a sequence, base pairs; 0 = none, as WTKO-CNN.
            Default k/2, rounded down; 0 under KMER_PROTOCOL_EQ3 and KMER_PROTOCOL_CODE.
        kmer_protocol: Default KMER_PROTOCOL_DEFAULT.
        rc_aware: Write k-mers in their canonical orientation (the lesser of the word and its reverse
            complement, A < C < G < T < N) and count words of the ranking with their reverse complement.
            Default true.
        k_rank: Length of the words of the sliding-window ranking, 4 to 10. Default 8.
    """
    return Call(
        "explainer.ExtractKmers",
        explainer_pb2.KmerSet,
        given(
            {
                "attributions": attributions,
                "dataset": dataset,
                "model": model,
                "k": k,
                "top_n": top_n,
                "min_distance": min_distance,
                "kmer_protocol": kmer_protocol,
                "rc_aware": rc_aware,
                "k_rank": k_rank,
            }
        ),
    )


def explain_filters(
    *,
    model: Ref,
    dataset: Ref,
    split: Literal["train", "validation", "test", "all"] | None = None,
    threshold: float | None = None,
    max_effect_sequences: int | None = None,
    group_similarity: float | None = None,
    min_information_bits: float | None = None,
    min_nsites: int | None = None,
    top_kmers: int | None = None,
    min_seeds: int | None = None,
    batch_size: int | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
    inclusive: bool | None = None,
    correct_correlation: float | None = None,
    correct_percentile: float | None = None,
) -> Call[explainer_pb2.FilterSet]:
    """Turns first-layer filters into motifs, measures what they do, and matches them between seeds. The response is
    FilterSet. Errors: INVALID_REQUEST (bounds, windows differ, an architecture without a first convolution),
    NOT_FOUND, ARTIFACT_KIND, EMPTY_SPLIT, DEVICE_UNAVAILABLE, OUT_OF_MEMORY, DISK_FULL.

    Args:
        model: Artifact of kind model, with a first convolution (every registered architecture that has
            `first_layer`).
        dataset: Artifact of kind dataset.
        split: Rows whose activations are read. Default SPLIT_TEST.
        threshold: A site is where a filter's activation exceeds this share of its maximum over correctly
            predicted sequences; above 0, below 1. Default 0.5.
        max_effect_sequences: Most sequences, half of each class, on which filters are nullified; 2 to
            1,000,000. Default 500. Chosen evenly over the split.
        group_similarity: Filters are grouped when the average cosine similarity of their aligned matrices
            reaches this; above 0, at most 1. Default 0.7.
        min_information_bits: Filters whose matrix holds fewer bits than this, or has fewer sites than
            `min_nsites`, are not grouped. Default 3.
        min_nsites: Default 10.
        top_kmers: Top-activating k-mers kept per filter, 1 to 1,000. Default 50.
        min_seeds: A k-mer recurs when filters of at least this many seeds have it among their top k-mers.
            Default 2.
        batch_size: Sequences per batch, 1 to 65,536. Default 32 on a CPU, 512 on a GPU.
        device: Default DEVICE_AUTO.
        inclusive: Whether a site may be exactly at the threshold (>=, ExplaiNN) or must lie above it (>,
            WTKO-CNN). Default false.
        correct_correlation: Regression on three or more tasks: as ExplainUnitsRequest.correct_correlation.
            Default 0.75.
        correct_percentile: Regression on one or two tasks: as ExplainUnitsRequest.correct_percentile.
            Default 50.
    """
    return Call(
        "explainer.ExplainFilters",
        explainer_pb2.FilterSet,
        given(
            {
                "model": model,
                "dataset": dataset,
                "split": split,
                "threshold": threshold,
                "max_effect_sequences": max_effect_sequences,
                "group_similarity": group_similarity,
                "min_information_bits": min_information_bits,
                "min_nsites": min_nsites,
                "top_kmers": top_kmers,
                "min_seeds": min_seeds,
                "batch_size": batch_size,
                "device": device,
                "inclusive": inclusive,
                "correct_correlation": correct_correlation,
                "correct_percentile": correct_percentile,
            }
        ),
    )


def explain_units(
    *,
    model: Ref,
    dataset: Ref,
    split: Literal["train", "validation", "test", "all"] | None = None,
    threshold: float | None = None,
    inclusive: bool | None = None,
    correct_correlation: float | None = None,
    correct_percentile: float | None = None,
    correct_scope: Literal["per_task", "all_tasks"] | None = None,
    large_weight: float | None = None,
    negligible_importance: float | None = None,
    batch_size: int | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
) -> Call[explainer_pb2.UnitSet]:
    """What each unit of an additive model answers to, and what it adds to each output. The response is UnitSet.
    Errors: INVALID_REQUEST (bounds, windows or outputs differ, a model without units), NOT_FOUND,
    ARTIFACT_KIND, EMPTY_SPLIT, DEVICE_UNAVAILABLE, OUT_OF_MEMORY, DISK_FULL.

    Args:
        model: Artifact of kind model whose architecture is additive over units (`explainn` and what is
            built on it).
        dataset: Artifact of kind dataset, of any target type, with the model's outputs.
        split: Rows whose units are read. Default SPLIT_TEST.
        threshold: A site is where a filter's activation reaches this share of its maximum over correctly
            predicted sequences; above 0, below 1. Default 0.5.
        inclusive: Whether a site may be exactly at the threshold (ExplaiNN's text, >=) or must lie above it
            (its code and WTKO-CNN, >). Default true.
        correct_correlation: Regression on three or more tasks: a sequence is predicted correctly when the
            Pearson correlation over its tasks is at least this, −1 to 1. Default 0.75.
        correct_percentile: Regression on one or two tasks: the percentage of sequences, by squared error,
            that count as correct; above 0, at most 100. Default 50.
        correct_scope: Multi-label: which sequences a task's importance is taken from. Matrices always take
            sequences whose resolved entries are all right. Default CORRECT_SCOPE_PER_TASK.
        large_weight: A weight is large from this share of the output's largest absolute weight on; above 0,
            at most 1. Default 0.25.
        negligible_importance: An importance is negligible below this share of the output's largest absolute
            median importance; 0 to below 1. Default 0.05.
        batch_size: Sequences per batch, 1 to 65,536. Default 64 on a CPU, 512 on a GPU.
        device: Default DEVICE_AUTO.
    """
    return Call(
        "explainer.ExplainUnits",
        explainer_pb2.UnitSet,
        given(
            {
                "model": model,
                "dataset": dataset,
                "split": split,
                "threshold": threshold,
                "inclusive": inclusive,
                "correct_correlation": correct_correlation,
                "correct_percentile": correct_percentile,
                "correct_scope": correct_scope,
                "large_weight": large_weight,
                "negligible_importance": negligible_importance,
                "batch_size": batch_size,
                "device": device,
            }
        ),
    )


def project_units(
    *,
    units: Ref,
    dataset: Ref,
    color_by: Sequence[str] | None = None,
    seed_index: int | None = None,
    max_rows: int | None = None,
    n_neighbors: int | None = None,
    min_dist: float | None = None,
    metric: Literal["euclidean", "cosine", "correlation", "manhattan"] | None = None,
    standardize: bool | None = None,
    seed: int | None = None,
) -> Call[explainer_pb2.Projection]:
    """UMAP of unit outputs, coloured by columns, tasks and units. The response is Projection. Errors: INVALID_REQUEST
    (bounds, color_by names nothing, another dataset than the units'), NOT_FOUND, ARTIFACT_KIND, EMPTY_SET
    (fewer than 10 sequences).

    Args:
        units: Artifact of kind units.
        dataset: Artifact of kind dataset; MUST be the one the units were read on.
        color_by: What sequences are coloured by, at most 20: columns of the dataset's rows.parquet, tasks,
            unit ids. `column:`, `task:` and `unit:` before a name say which is meant. Default: `split`, the
            classes or the first three tasks, and the three most important units.
        seed_index: Project the units of this one of the model's seeds, counted from 0. Default: those of
            all seeds together.
        max_rows: Most sequences, evenly chosen over the rows, 10 to 1,000,000. Default 20,000.
        n_neighbors: UMAP: neighbours of each sequence, 2 to 200. Default 15.
        min_dist: UMAP: least distance between points, 0 to 0.99. Default 0.1.
        metric: Default PROJECTION_METRIC_EUCLIDEAN.
        standardize: Give every unit mean 0 and variance 1 first. Default false, as ExplaiNN.
        seed: Seed of UMAP, 0 to 2,147,483,647. Default 42.
    """
    return Call(
        "explainer.ProjectUnits",
        explainer_pb2.Projection,
        given(
            {
                "units": units,
                "dataset": dataset,
                "color_by": color_by,
                "seed_index": seed_index,
                "max_rows": max_rows,
                "n_neighbors": n_neighbors,
                "min_dist": min_dist,
                "metric": metric,
                "standardize": standardize,
                "seed": seed,
            }
        ),
    )


def measure_interactions(
    *,
    model: Ref,
    motifs: Sequence[str],
    motif_artifact: Ref | None = None,
    motif_file: File | None = None,
    control: str | None = None,
    background: Literal["shuffled", "random"] | None = None,
    dataset: Ref | None = None,
    split: Literal["train", "validation", "test", "all"] | None = None,
    n_backgrounds: int | None = None,
    min_gap_bp: int | None = None,
    max_distance_bp: int | None = None,
    step_bp: int | None = None,
    both_orientations: bool | None = None,
    outputs: Sequence[str] | None = None,
    scale: Literal["logit", "log2_fold_change"] | None = None,
    pseudocount: float | None = None,
    seed_index: int | None = None,
    n_permutations: int | None = None,
    alpha: float | None = None,
    tolerance: float | None = None,
    seed: int | None = None,
    batch_size: int | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
) -> Call[explainer_pb2.InteractionSet]:
    """What a model gives two motifs beyond the sum of both, at every distance. The response is InteractionSet. Errors:
    INVALID_REQUEST (bounds, a motif that is no word and no id, words that do not fit the window, scale and
    target type), INVALID_MOTIF_FILE, NOT_FOUND, ARTIFACT_KIND, EMPTY_SPLIT, DEVICE_UNAVAILABLE, OUT_OF_MEMORY.

    Args:
        model: Artifact of kind model; any architecture.
        motifs: Two to ten words of A, C, G, T, or ids (or names) of motifs of `motif_artifact` or
            `motif_file`, whose most frequent bases are taken. Every pair is measured: the first at the
            centre, the second at every distance on both sides.
        motif_artifact: Artifact with motifs: kind motifs, clusters, filters, units, families, matches or
            enrichment.
        motif_file: Motif file instead: MEME, JASPAR, HOMER or TRANSFAC.
        control: Word in the second motif's place for comparison, 1 to 40 bases. Default GGGCT, ExplaiNN's
            and DeepSTARR's.
        background: Default INTERACTION_BACKGROUND_SHUFFLED.
        dataset: Artifact of kind dataset whose sequences are shuffled; needed for
            INTERACTION_BACKGROUND_SHUFFLED.
        split: Rows that are shuffled. Default SPLIT_TEST.
        n_backgrounds: Background sequences, 10 to 10,000. Default 100.
        min_gap_bp: Least number of bases between the two words. Default 0; words never overlap.
        max_distance_bp: Largest distance between the words' centres, base pairs; what does not fit the
            window is left out. Default 100.
        step_bp: Step between distances, 1 to 1,000 base pairs. Default 5.
        both_orientations: Also put in the second motif's reverse complement. Default false.
        outputs: Outputs to measure. Default: with two classes their difference (`WT - KO`), else every
            output, at most 20.
        scale: Default INTERACTION_SCALE_LOGIT.
        pseudocount: INTERACTION_SCALE_LOG2_FOLD_CHANGE: added to both sides, above 0. Default 1.
        seed_index: Measure this one of the model's seeds, counted from 0. Default: the mean of all.
        n_permutations: Permutations of motif and control within backgrounds, 99 to 100,000. Default 999.
        alpha: A part of the residual counts only where its p-value is below this. Above 0, below 1. Default
            0.01.
        tolerance: … and where it exceeds this share of the two motifs' mean absolute effect; at least 0.
            Default 0.25.
        seed: Seed of backgrounds and permutations. Default 42.
        batch_size: Sequences per batch, 1 to 65,536. Default 100 on a CPU, 512 on a GPU.
        device: Default DEVICE_AUTO.
    """
    return Call(
        "explainer.MeasureInteractions",
        explainer_pb2.InteractionSet,
        given(
            {
                "model": model,
                "motifs": motifs,
                "motif_artifact": motif_artifact,
                "motif_file": motif_file,
                "control": control,
                "background": background,
                "dataset": dataset,
                "split": split,
                "n_backgrounds": n_backgrounds,
                "min_gap_bp": min_gap_bp,
                "max_distance_bp": max_distance_bp,
                "step_bp": step_bp,
                "both_orientations": both_orientations,
                "outputs": outputs,
                "scale": scale,
                "pseudocount": pseudocount,
                "seed_index": seed_index,
                "n_permutations": n_permutations,
                "alpha": alpha,
                "tolerance": tolerance,
                "seed": seed,
                "batch_size": batch_size,
                "device": device,
            }
        ),
    )
