"""Calls of the trainer. Made by scripts/client_calls.py from its proto: change that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cislex.trainer.v1 import trainer_pb2

from cislex_client.api.call import Call, File, Options, Ref, given


def train_model(
    *,
    dataset: Ref,
    architecture: str | None = None,
    options: Options | None = None,
    seeds: Sequence[int] | None = None,
    protocol: Literal["default", "paper", "explainn"] | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    batch_size: int | None = None,
    accumulation: int | None = None,
    learning_rate: float | None = None,
    weight_decay: float | None = None,
    rc_augmentation: bool | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
    amp: Literal["auto", "off", "bf16", "fp16"] | None = None,
    loss: Literal["auto", "cross_entropy", "bce", "mse", "poisson", "pearson"] | None = None,
    class_weights: Literal["none", "balanced"] | None = None,
    strands: Literal["random", "both", "forward"] | None = None,
    init_database: str | None = None,
    init_motifs_file: File | None = None,
    init_motifs: Ref | None = None,
    init_orientations: Literal["both", "given"] | None = None,
    freeze_filters: bool | None = None,
    unit_models: Sequence[Ref] | None = None,
    unit_activation: Literal["pre", "post"] | None = None,
    data_parallel: int | None = None,
) -> Call[trainer_pb2.Model]:
    """Trains one network per seed on classes, labels or values. The operation's response is Model. Architectures:
    `explainn`, `cnn1`, `cnn1_exp`, `deep_cnn`, `danq`, `deepstarr`, `ai_tac`, and of the WTKO-CNN paper
    `wtko_cnn`, `cnn4`, `cnn_lstm`, `transformer`, `cnn_transformer`; `unit_transfer` of pretrained models.
    Their options and sizes: docs/methods.md, "The other networks". Errors: INVALID_REQUEST (bounds,
    architecture, options, amp, a loss, weights or protocol that do not go with the targets, negative counts for
    poisson), NOT_FOUND, ARTIFACT_KIND, ARTIFACT_CORRUPT (targets that are not a number), EMPTY_SPLIT, ONE_CLASS
    (also a task of one class), NO_RESOLVED_TARGET (a task without resolved entries), WINDOW_TOO_SHORT,
    EMPTY_SET and INVALID_MOTIF_FILE (initial motifs), DEVICE_UNAVAILABLE, TRAINING_DIVERGED, OUT_OF_MEMORY
    (batch_size 1 does not fit), DISK_FULL.

    Args:
        dataset: Artifact of kind dataset. Train and validation (under PROTOCOL_PAPER: test) MUST hold
            sequences; of every class with class_index targets. With multilabel targets train MUST hold both
            a 0 and a 1 of every task; rows without any resolved entry are left out.
        architecture: An architecture of the registry, named at the rpc. Default `wtko_cnn`. It reads
            windows of the dataset's width.
        options: Options of the architecture, values as text; docs/methods.md, "The other networks", lists
            those of each. `explainn`: `units` and more. `wtko_cnn`: `batch_norm` (false), `padding` (none |
            same), `filters` (64), `filters_2` (128), `kernel_size` (10), `pool_size` (2), `hidden` (64),
            `dropout` (0.3); the defaults in brackets are Table 3 of the paper.
        seeds: One network is trained per seed; 1 to 100 different numbers from 0 to 2^31 − 1. Default 0, 1,
            2, 3, 4.
        protocol: Default PROTOCOL_DEFAULT.
        epochs: Most epochs, 1 to 10,000. Default: as many as give 5,000 updates (both strands of a sequence
            count twice), at least 10 and at most 60; paper 100.
        patience: Epochs without a better validation loss (by 0.0001; mse and poisson: by that share of it)
            after which a seed stops; 0 = never. Default 10; paper 0.
        batch_size: Sequences per batch, 1 to 65,536. Default 32; paper 16; explainn 100. Halved when memory
            runs out, and then recorded as used.
        accumulation: Batches per update, 1 to 1,024: the gradient is the mean over all their sequences.
            Default 1; paper 4.
        learning_rate: Adam's constant step size, in (0, 1]. Default 0.002; paper 0.001; explainn 0.003.
        weight_decay: Adam's L2 term, 0 to 1. Default 0; paper 0 (the published code; the paper's text has
            0.0001).
        rc_augmentation: False: STRANDS_FORWARD. True: the protocol's strands, STRANDS_RANDOM under paper.
            Default true; paper false. MUST NOT contradict `strands`.
        device: Default DEVICE_AUTO.
        amp: Default AMP_AUTO.
        loss: Default LOSS_AUTO. It MUST be one for the dataset's targets.
        class_weights: Default CLASS_WEIGHTS_NONE. INVALID_REQUEST with regression targets.
        strands: Default: by `protocol` and `rc_augmentation`.
        init_database: Filters of the first layer start as motifs of this packaged release and taxon, such
            as `jaspar2020-vertebrates`: each filter is a motif's probabilities minus 0.25, resized to the
            filter's width. At most one of `init_database`, `init_motifs_file` and `init_motifs` MAY be set;
            the architecture MUST have a first convolution. Where `options` names no number of filters
            (`units` of explainn, else `filters`), there are as many as the motifs need; with fewer, the
            motifs of the highest information are taken and a warning says so; with more, the others start
            at random.
        init_motifs_file: The same from a motif file (MEME, JASPAR, HOMER or TRANSFAC).
        init_motifs: The same from an artifact of kind motifs, clusters, filters, units or families.
        init_orientations: Default INIT_ORIENTATIONS_BOTH.
        freeze_filters: Keep the first layer as it starts. Default false. Needs initial motifs.
        unit_models: Architecture `unit_transfer`, and only that: artifacts of kind model, 1 to 1,000, whose
            networks become frozen units, one per output of each; of a model with several seeds the network
            of the lowest. Its options: `head` (linear | nam), `hidden` (200), `batch_norm` (true),
            `dropout` (0.3). Their windows may differ from the dataset's: sequences are cut to the centre,
            or padded with N.
        unit_activation: What of those networks is taken. Default UNIT_ACTIVATION_PRE.
        data_parallel: Processes that train each network together, 1 to 1,024 and at most `batch_size`: each
            takes its share of every batch, and the result is that of one process up to the order of float32
            sums (docs/methods.md). Seeds then train in a row. One GPU each; on a CPU one core each; on
            several nodes inside a Ray job. Part of what is computed: another number is another result in
            the last digits. A run goes on from its checkpoints with any number. Default 1.
    """
    return Call(
        "trainer.TrainModel",
        trainer_pb2.Model,
        given(
            {
                "dataset": dataset,
                "architecture": architecture,
                "options": options,
                "seeds": seeds,
                "protocol": protocol,
                "epochs": epochs,
                "patience": patience,
                "batch_size": batch_size,
                "accumulation": accumulation,
                "learning_rate": learning_rate,
                "weight_decay": weight_decay,
                "rc_augmentation": rc_augmentation,
                "device": device,
                "amp": amp,
                "loss": loss,
                "class_weights": class_weights,
                "strands": strands,
                "init_database": init_database,
                "init_motifs_file": init_motifs_file,
                "init_motifs": init_motifs,
                "init_orientations": init_orientations,
                "freeze_filters": freeze_filters,
                "unit_models": unit_models,
                "unit_activation": unit_activation,
                "data_parallel": data_parallel,
            }
        ),
    )


def evaluate_model(
    *,
    model: Ref,
    dataset: Ref,
    split: Literal["train", "validation", "test", "all"] | None = None,
    n_bootstrap: int | None = None,
    bootstrap_seed: int | None = None,
    rc_average: bool | None = None,
    batch_size: int | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
    correlation_threshold: float | None = None,
) -> Call[trainer_pb2.Evaluation]:
    """Measures a model on one split, with intervals, calibration and two baselines. The response is Evaluation.
    Errors: INVALID_REQUEST (bounds, windows or targets of model and dataset differ), NOT_FOUND, ARTIFACT_KIND,
    EMPTY_SPLIT, ONE_CLASS, NO_RESOLVED_TARGET, DEVICE_UNAVAILABLE, OUT_OF_MEMORY.

    Args:
        model: Artifact of kind model.
        dataset: Artifact of kind dataset with windows of the model's width and the same targets in the same
            order. Its train and validation splits fit the baselines.
        split: Rows that are measured. Default SPLIT_TEST. They MUST hold both of two classes, at least two
            of several, and one resolved entry of a multilabel target.
        n_bootstrap: Bootstrap replicates for the 95 % intervals, 0 (none) to 100,000. Default 1,000.
        bootstrap_seed: Seed of the bootstrap. Default 0.
        rc_average: Mean of the logits of both strands. Default false: what the exported model computes.
        batch_size: Sequences per batch, 1 to 65,536; changes no result. Default 512.
        device: Default DEVICE_AUTO.
        correlation_threshold: Regression of three tasks or more: a sequence counts as well predicted when
            the Pearson correlation across its tasks is above this, in [−1, 1). Default 0.5.
    """
    return Call(
        "trainer.EvaluateModel",
        trainer_pb2.Evaluation,
        given(
            {
                "model": model,
                "dataset": dataset,
                "split": split,
                "n_bootstrap": n_bootstrap,
                "bootstrap_seed": bootstrap_seed,
                "rc_average": rc_average,
                "batch_size": batch_size,
                "device": device,
                "correlation_threshold": correlation_threshold,
            }
        ),
    )


def export_model(
    *,
    model: Ref,
    dataset: Ref,
    evaluation: Ref | None = None,
    tolerance: float | None = None,
    strand_symmetric: bool | None = None,
    calibrate: bool | None = None,
    format: Literal["onnx", "triton_repository"] | None = None,
    model_name: str | None = None,
    max_batch_size: int | None = None,
    licence: str | None = None,
) -> Call[trainer_pb2.Export]:
    """Writes the ensemble as ONNX with labels and model card, if it passes the parity gate. The response is Export.
    Errors: INVALID_REQUEST (bounds, windows or targets differ, calibrate with values), NOT_FOUND,
    ARTIFACT_KIND, EMPTY_SPLIT (calibrate without validation sequences), PARITY_FAILED.

    Args:
        model: Artifact of kind model; all its seeds become one ONNX graph that gives their mean.
        dataset: Artifact of kind dataset with windows of the model's width: the parity gate's real
            sequences come from its test split.
        evaluation: Artifact of kind evaluation, shown on the model card. Default: none.
        tolerance: Largest difference allowed between torch and onnxruntime, in (0, 1]: absolute, and of
            values above one relative to them. Default 0.0001.
        strand_symmetric: Export the mean of the logits of both strands (twice the work for who runs it).
            Default false.
        calibrate: Divide the logits by a temperature fitted on the validation split of `dataset`, so that
            probabilities mean what they say: one for classes, one per task for labels. INVALID_REQUEST with
            regression targets. Default false.
        format: How the files are laid out. Default EXPORT_FORMAT_ONNX.
        model_name: Folder of the model in a Triton repository, and its name there: a letter or digit, then
            letters, digits, `_`, `-` or `.`, at most 63. INVALID_REQUEST with another format. Default: the
            architecture and 16 digits of the model's sha256.
        max_batch_size: Largest batch that Triton puts together, 1 to 65,536. INVALID_REQUEST with another
            format. Default 1024.
        licence: Under which terms the weights may be used, for the model card: an SPDX identifier such as
            `CC-BY-4.0`, or a sentence. Default: the card says that none was stated.
    """
    return Call(
        "trainer.ExportModel",
        trainer_pb2.Export,
        given(
            {
                "model": model,
                "dataset": dataset,
                "evaluation": evaluation,
                "tolerance": tolerance,
                "strand_symmetric": strand_symmetric,
                "calibrate": calibrate,
                "format": format,
                "model_name": model_name,
                "max_batch_size": max_batch_size,
                "licence": licence,
            }
        ),
    )


def predict(
    *,
    export: Ref,
    dataset: Ref | None = None,
    sequences: File | None = None,
    split: Literal["train", "validation", "test", "all"] | None = None,
    pad: Literal["center", "end"] | None = None,
    batch_size: int | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
) -> Call[trainer_pb2.PredictionSet]:
    """Runs an exported model with onnxruntime. The response is PredictionSet. Errors: INVALID_REQUEST (neither or both
    inputs, windows differ), NOT_FOUND, ARTIFACT_KIND, EMPTY_SPLIT, EMPTY_SET, INVALID_FASTA, FILE_TRUNCATED,
    DEVICE_UNAVAILABLE.

    Args:
        export: Artifact of kind export.
        dataset: Artifact of kind dataset with windows of the model's width. Exactly one of `dataset` and
            `sequences` MUST be set.
        sequences: FASTA of ready sequences, plain or gzip.
        split: Rows of `dataset`. Default SPLIT_ALL. Ignored for `sequences`.
        pad: For `sequences` of another length than the window. Default PAD_CENTER.
        batch_size: Sequences per batch, 1 to 65,536; changes no result. Default 256.
        device: Default DEVICE_AUTO.
    """
    return Call(
        "trainer.Predict",
        trainer_pb2.PredictionSet,
        given(
            {
                "export": export,
                "dataset": dataset,
                "sequences": sequences,
                "split": split,
                "pad": pad,
                "batch_size": batch_size,
                "device": device,
            }
        ),
    )


def import_model(
    *,
    checkpoint: File,
    window_bp: int,
    outputs: Sequence[str],
    architecture: str | None = None,
    options: Options | None = None,
    target_type: Literal["class_index", "multilabel", "regression"] | None = None,
    channel_order: str | None = None,
) -> Call[trainer_pb2.Model]:
    """Makes a model of weights that were trained elsewhere: one network, seed 0, without history. The response is
    Model. Errors: INVALID_REQUEST (bounds, options; weights that do not fit them, naming which; a file that
    would run code when loaded, or that is no checkpoint), FILE_NOT_FOUND.

    Args:
        checkpoint: A state dict: a file of torch.save that holds tensors only, or safetensors. Pickled
            objects are never loaded.
        architecture: Default and only choice: `explainn`, in the layout of the published code (grouped
            convolutions).
        options: Options of the architecture that the weights do not show, as they were trained, values as
            text: `pool_size` (7), `pool_stride`, `activation` (exp), `dropout` (0.3). Sizes are read from
            the weights and MUST NOT be contradicted.
        window_bp: Width of the sequences it was trained on, in base pairs. MUST be set.
        outputs: Names of the outputs, in their order, all different. MUST be as many as the weights have.
        target_type: Default TARGET_TYPE_MULTILABEL.
        channel_order: The bases that the four input rows stood for. Default `ACGT`; filters are permuted to
            it.
    """
    return Call(
        "trainer.ImportModel",
        trainer_pb2.Model,
        given(
            {
                "checkpoint": checkpoint,
                "architecture": architecture,
                "options": options,
                "window_bp": window_bp,
                "outputs": outputs,
                "target_type": target_type,
                "channel_order": channel_order,
            }
        ),
    )


def compare_models(
    *,
    models: Sequence[Ref],
    evaluations: Sequence[Ref],
    names: Sequence[str] | None = None,
    reference: str | None = None,
    n_bootstrap: int | None = None,
    bootstrap_seed: int | None = None,
) -> Call[trainer_pb2.Comparison]:
    """Puts several models in one table: metrics of their seeds and ensembles, and paired differences on the same rows.
    The response is Comparison. Errors: INVALID_REQUEST (bounds; an evaluation of another model; datasets,
    splits or outputs differ; unknown reference), NOT_FOUND, ARTIFACT_KIND.

    Args:
        models: Artifacts of kind model, 2 to 100.
        evaluations: Artifacts of kind evaluation: `evaluations[i]` MUST have measured `models[i]`, and all
            MUST be of the same dataset and split.
        names: What the table calls the models, in their order: 1 to 100 characters each, all different.
            Default: the names of the architectures; the second of a name becomes `name_2`.
        reference: The model the others are compared with: a name, or a position from 0. Default: the one
            with the best main metric.
        n_bootstrap: Replicates of the paired bootstrap, 0 (no intervals, no p) to 100,000. Default 1,000.
        bootstrap_seed: Seed of the bootstrap. Default 0.
    """
    return Call(
        "trainer.CompareModels",
        trainer_pb2.Comparison,
        given(
            {
                "models": models,
                "evaluations": evaluations,
                "names": names,
                "reference": reference,
                "n_bootstrap": n_bootstrap,
                "bootstrap_seed": bootstrap_seed,
            }
        ),
    )
