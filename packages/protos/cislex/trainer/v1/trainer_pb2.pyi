from cislex.artifacts.v1 import artifacts_pb2 as _artifacts_pb2
from google.longrunning import operations_pb2 as _operations_pb2
from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Protocol(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROTOCOL_UNSPECIFIED: _ClassVar[Protocol]
    PROTOCOL_DEFAULT: _ClassVar[Protocol]
    PROTOCOL_PAPER: _ClassVar[Protocol]
    PROTOCOL_EXPLAINN: _ClassVar[Protocol]

class Loss(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOSS_UNSPECIFIED: _ClassVar[Loss]
    LOSS_AUTO: _ClassVar[Loss]
    LOSS_CROSS_ENTROPY: _ClassVar[Loss]
    LOSS_BCE: _ClassVar[Loss]
    LOSS_MSE: _ClassVar[Loss]
    LOSS_POISSON: _ClassVar[Loss]
    LOSS_PEARSON: _ClassVar[Loss]

class ClassWeights(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLASS_WEIGHTS_UNSPECIFIED: _ClassVar[ClassWeights]
    CLASS_WEIGHTS_NONE: _ClassVar[ClassWeights]
    CLASS_WEIGHTS_BALANCED: _ClassVar[ClassWeights]

class Strands(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STRANDS_UNSPECIFIED: _ClassVar[Strands]
    STRANDS_RANDOM: _ClassVar[Strands]
    STRANDS_BOTH: _ClassVar[Strands]
    STRANDS_FORWARD: _ClassVar[Strands]

class ExportFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXPORT_FORMAT_UNSPECIFIED: _ClassVar[ExportFormat]
    EXPORT_FORMAT_ONNX: _ClassVar[ExportFormat]
    EXPORT_FORMAT_TRITON_REPOSITORY: _ClassVar[ExportFormat]

class Device(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEVICE_UNSPECIFIED: _ClassVar[Device]
    DEVICE_AUTO: _ClassVar[Device]
    DEVICE_CPU: _ClassVar[Device]
    DEVICE_CUDA: _ClassVar[Device]

class Amp(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AMP_UNSPECIFIED: _ClassVar[Amp]
    AMP_AUTO: _ClassVar[Amp]
    AMP_OFF: _ClassVar[Amp]
    AMP_BF16: _ClassVar[Amp]
    AMP_FP16: _ClassVar[Amp]

class Split(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SPLIT_UNSPECIFIED: _ClassVar[Split]
    SPLIT_TRAIN: _ClassVar[Split]
    SPLIT_VALIDATION: _ClassVar[Split]
    SPLIT_TEST: _ClassVar[Split]
    SPLIT_ALL: _ClassVar[Split]

class Pad(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAD_UNSPECIFIED: _ClassVar[Pad]
    PAD_CENTER: _ClassVar[Pad]
    PAD_END: _ClassVar[Pad]

class InitOrientations(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INIT_ORIENTATIONS_UNSPECIFIED: _ClassVar[InitOrientations]
    INIT_ORIENTATIONS_BOTH: _ClassVar[InitOrientations]
    INIT_ORIENTATIONS_GIVEN: _ClassVar[InitOrientations]

class UnitActivation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNIT_ACTIVATION_UNSPECIFIED: _ClassVar[UnitActivation]
    UNIT_ACTIVATION_PRE: _ClassVar[UnitActivation]
    UNIT_ACTIVATION_POST: _ClassVar[UnitActivation]

class TargetType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TARGET_TYPE_UNSPECIFIED: _ClassVar[TargetType]
    TARGET_TYPE_CLASS_INDEX: _ClassVar[TargetType]
    TARGET_TYPE_MULTILABEL: _ClassVar[TargetType]
    TARGET_TYPE_REGRESSION: _ClassVar[TargetType]
PROTOCOL_UNSPECIFIED: Protocol
PROTOCOL_DEFAULT: Protocol
PROTOCOL_PAPER: Protocol
PROTOCOL_EXPLAINN: Protocol
LOSS_UNSPECIFIED: Loss
LOSS_AUTO: Loss
LOSS_CROSS_ENTROPY: Loss
LOSS_BCE: Loss
LOSS_MSE: Loss
LOSS_POISSON: Loss
LOSS_PEARSON: Loss
CLASS_WEIGHTS_UNSPECIFIED: ClassWeights
CLASS_WEIGHTS_NONE: ClassWeights
CLASS_WEIGHTS_BALANCED: ClassWeights
STRANDS_UNSPECIFIED: Strands
STRANDS_RANDOM: Strands
STRANDS_BOTH: Strands
STRANDS_FORWARD: Strands
EXPORT_FORMAT_UNSPECIFIED: ExportFormat
EXPORT_FORMAT_ONNX: ExportFormat
EXPORT_FORMAT_TRITON_REPOSITORY: ExportFormat
DEVICE_UNSPECIFIED: Device
DEVICE_AUTO: Device
DEVICE_CPU: Device
DEVICE_CUDA: Device
AMP_UNSPECIFIED: Amp
AMP_AUTO: Amp
AMP_OFF: Amp
AMP_BF16: Amp
AMP_FP16: Amp
SPLIT_UNSPECIFIED: Split
SPLIT_TRAIN: Split
SPLIT_VALIDATION: Split
SPLIT_TEST: Split
SPLIT_ALL: Split
PAD_UNSPECIFIED: Pad
PAD_CENTER: Pad
PAD_END: Pad
INIT_ORIENTATIONS_UNSPECIFIED: InitOrientations
INIT_ORIENTATIONS_BOTH: InitOrientations
INIT_ORIENTATIONS_GIVEN: InitOrientations
UNIT_ACTIVATION_UNSPECIFIED: UnitActivation
UNIT_ACTIVATION_PRE: UnitActivation
UNIT_ACTIVATION_POST: UnitActivation
TARGET_TYPE_UNSPECIFIED: TargetType
TARGET_TYPE_CLASS_INDEX: TargetType
TARGET_TYPE_MULTILABEL: TargetType
TARGET_TYPE_REGRESSION: TargetType

class TrainModelRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "dataset", "architecture", "options", "seeds", "protocol", "epochs", "patience", "batch_size", "accumulation", "learning_rate", "weight_decay", "rc_augmentation", "device", "amp", "loss", "class_weights", "strands", "init_database", "init_motifs_file", "init_motifs", "init_orientations", "freeze_filters", "unit_models", "unit_activation", "data_parallel")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PARENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    PATIENCE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    ACCUMULATION_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    RC_AUGMENTATION_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    AMP_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    CLASS_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    STRANDS_FIELD_NUMBER: _ClassVar[int]
    INIT_DATABASE_FIELD_NUMBER: _ClassVar[int]
    INIT_MOTIFS_FILE_FIELD_NUMBER: _ClassVar[int]
    INIT_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    INIT_ORIENTATIONS_FIELD_NUMBER: _ClassVar[int]
    FREEZE_FILTERS_FIELD_NUMBER: _ClassVar[int]
    UNIT_MODELS_FIELD_NUMBER: _ClassVar[int]
    UNIT_ACTIVATION_FIELD_NUMBER: _ClassVar[int]
    DATA_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    dataset: str
    architecture: str
    options: _containers.ScalarMap[str, str]
    seeds: _containers.RepeatedScalarFieldContainer[int]
    protocol: Protocol
    epochs: int
    patience: int
    batch_size: int
    accumulation: int
    learning_rate: float
    weight_decay: float
    rc_augmentation: bool
    device: Device
    amp: Amp
    loss: Loss
    class_weights: ClassWeights
    strands: Strands
    init_database: str
    init_motifs_file: _artifacts_pb2.InputFile
    init_motifs: str
    init_orientations: InitOrientations
    freeze_filters: bool
    unit_models: _containers.RepeatedScalarFieldContainer[str]
    unit_activation: UnitActivation
    data_parallel: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., dataset: _Optional[str] = ..., architecture: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ..., seeds: _Optional[_Iterable[int]] = ..., protocol: _Optional[_Union[Protocol, str]] = ..., epochs: _Optional[int] = ..., patience: _Optional[int] = ..., batch_size: _Optional[int] = ..., accumulation: _Optional[int] = ..., learning_rate: _Optional[float] = ..., weight_decay: _Optional[float] = ..., rc_augmentation: _Optional[bool] = ..., device: _Optional[_Union[Device, str]] = ..., amp: _Optional[_Union[Amp, str]] = ..., loss: _Optional[_Union[Loss, str]] = ..., class_weights: _Optional[_Union[ClassWeights, str]] = ..., strands: _Optional[_Union[Strands, str]] = ..., init_database: _Optional[str] = ..., init_motifs_file: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., init_motifs: _Optional[str] = ..., init_orientations: _Optional[_Union[InitOrientations, str]] = ..., freeze_filters: _Optional[bool] = ..., unit_models: _Optional[_Iterable[str]] = ..., unit_activation: _Optional[_Union[UnitActivation, str]] = ..., data_parallel: _Optional[int] = ...) -> None: ...

class EvaluateModelRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "model", "dataset", "split", "n_bootstrap", "bootstrap_seed", "rc_average", "batch_size", "device", "correlation_threshold")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PARENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    N_BOOTSTRAP_FIELD_NUMBER: _ClassVar[int]
    BOOTSTRAP_SEED_FIELD_NUMBER: _ClassVar[int]
    RC_AVERAGE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    model: str
    dataset: str
    split: Split
    n_bootstrap: int
    bootstrap_seed: int
    rc_average: bool
    batch_size: int
    device: Device
    correlation_threshold: float
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., model: _Optional[str] = ..., dataset: _Optional[str] = ..., split: _Optional[_Union[Split, str]] = ..., n_bootstrap: _Optional[int] = ..., bootstrap_seed: _Optional[int] = ..., rc_average: _Optional[bool] = ..., batch_size: _Optional[int] = ..., device: _Optional[_Union[Device, str]] = ..., correlation_threshold: _Optional[float] = ...) -> None: ...

class ExportModelRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "model", "dataset", "evaluation", "tolerance", "strand_symmetric", "calibrate", "format", "model_name", "max_batch_size", "licence")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PARENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    STRAND_SYMMETRIC_FIELD_NUMBER: _ClassVar[int]
    CALIBRATE_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    LICENCE_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    model: str
    dataset: str
    evaluation: str
    tolerance: float
    strand_symmetric: bool
    calibrate: bool
    format: ExportFormat
    model_name: str
    max_batch_size: int
    licence: str
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., model: _Optional[str] = ..., dataset: _Optional[str] = ..., evaluation: _Optional[str] = ..., tolerance: _Optional[float] = ..., strand_symmetric: _Optional[bool] = ..., calibrate: _Optional[bool] = ..., format: _Optional[_Union[ExportFormat, str]] = ..., model_name: _Optional[str] = ..., max_batch_size: _Optional[int] = ..., licence: _Optional[str] = ...) -> None: ...

class PredictRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "export", "dataset", "sequences", "split", "pad", "batch_size", "device")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PARENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    EXPORT_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    PAD_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    export: str
    dataset: str
    sequences: _artifacts_pb2.InputFile
    split: Split
    pad: Pad
    batch_size: int
    device: Device
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., export: _Optional[str] = ..., dataset: _Optional[str] = ..., sequences: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., split: _Optional[_Union[Split, str]] = ..., pad: _Optional[_Union[Pad, str]] = ..., batch_size: _Optional[int] = ..., device: _Optional[_Union[Device, str]] = ...) -> None: ...

class SeedResult(_message.Message):
    __slots__ = ("seed", "best_epoch", "n_epochs", "validation_loss", "validation_accuracy", "test_accuracy", "validation_score")
    SEED_FIELD_NUMBER: _ClassVar[int]
    BEST_EPOCH_FIELD_NUMBER: _ClassVar[int]
    N_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_LOSS_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ACCURACY_FIELD_NUMBER: _ClassVar[int]
    TEST_ACCURACY_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_SCORE_FIELD_NUMBER: _ClassVar[int]
    seed: int
    best_epoch: int
    n_epochs: int
    validation_loss: float
    validation_accuracy: float
    test_accuracy: float
    validation_score: float
    def __init__(self, seed: _Optional[int] = ..., best_epoch: _Optional[int] = ..., n_epochs: _Optional[int] = ..., validation_loss: _Optional[float] = ..., validation_accuracy: _Optional[float] = ..., test_accuracy: _Optional[float] = ..., validation_score: _Optional[float] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("name", "artifact", "architecture", "window_bp", "classes", "n_parameters", "protocol", "selection", "device", "dtype", "dataset", "seeds", "target_type", "loss", "score")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    N_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    architecture: str
    window_bp: int
    classes: _containers.RepeatedScalarFieldContainer[str]
    n_parameters: int
    protocol: Protocol
    selection: str
    device: str
    dtype: str
    dataset: str
    seeds: _containers.RepeatedCompositeFieldContainer[SeedResult]
    target_type: str
    loss: str
    score: str
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., architecture: _Optional[str] = ..., window_bp: _Optional[int] = ..., classes: _Optional[_Iterable[str]] = ..., n_parameters: _Optional[int] = ..., protocol: _Optional[_Union[Protocol, str]] = ..., selection: _Optional[str] = ..., device: _Optional[str] = ..., dtype: _Optional[str] = ..., dataset: _Optional[str] = ..., seeds: _Optional[_Iterable[_Union[SeedResult, _Mapping]]] = ..., target_type: _Optional[str] = ..., loss: _Optional[str] = ..., score: _Optional[str] = ...) -> None: ...

class Interval(_message.Message):
    __slots__ = ("metric", "low", "high")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    metric: str
    low: float
    high: float
    def __init__(self, metric: _Optional[str] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class Baseline(_message.Message):
    __slots__ = ("name", "accuracy", "auroc", "auprc", "pearson", "mse")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_FIELD_NUMBER: _ClassVar[int]
    AUROC_FIELD_NUMBER: _ClassVar[int]
    AUPRC_FIELD_NUMBER: _ClassVar[int]
    PEARSON_FIELD_NUMBER: _ClassVar[int]
    MSE_FIELD_NUMBER: _ClassVar[int]
    name: str
    accuracy: float
    auroc: float
    auprc: float
    pearson: float
    mse: float
    def __init__(self, name: _Optional[str] = ..., accuracy: _Optional[float] = ..., auroc: _Optional[float] = ..., auprc: _Optional[float] = ..., pearson: _Optional[float] = ..., mse: _Optional[float] = ...) -> None: ...

class OutputMetric(_message.Message):
    __slots__ = ("name", "n", "n_positive", "auroc", "auprc", "pearson", "spearman", "mse")
    NAME_FIELD_NUMBER: _ClassVar[int]
    N_FIELD_NUMBER: _ClassVar[int]
    N_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    AUROC_FIELD_NUMBER: _ClassVar[int]
    AUPRC_FIELD_NUMBER: _ClassVar[int]
    PEARSON_FIELD_NUMBER: _ClassVar[int]
    SPEARMAN_FIELD_NUMBER: _ClassVar[int]
    MSE_FIELD_NUMBER: _ClassVar[int]
    name: str
    n: int
    n_positive: int
    auroc: float
    auprc: float
    pearson: float
    spearman: float
    mse: float
    def __init__(self, name: _Optional[str] = ..., n: _Optional[int] = ..., n_positive: _Optional[int] = ..., auroc: _Optional[float] = ..., auprc: _Optional[float] = ..., pearson: _Optional[float] = ..., spearman: _Optional[float] = ..., mse: _Optional[float] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("name", "artifact", "model", "dataset", "split", "n_sequences", "protocol", "optimistic", "accuracy", "auroc", "auprc", "ece", "confusion", "intervals", "baselines", "interval_blocks", "target_type", "outputs", "pearson", "spearman", "mse", "pearson_across_tasks", "share_well_predicted", "macro_f1")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    OPTIMISTIC_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_FIELD_NUMBER: _ClassVar[int]
    AUROC_FIELD_NUMBER: _ClassVar[int]
    AUPRC_FIELD_NUMBER: _ClassVar[int]
    ECE_FIELD_NUMBER: _ClassVar[int]
    CONFUSION_FIELD_NUMBER: _ClassVar[int]
    INTERVALS_FIELD_NUMBER: _ClassVar[int]
    BASELINES_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    PEARSON_FIELD_NUMBER: _ClassVar[int]
    SPEARMAN_FIELD_NUMBER: _ClassVar[int]
    MSE_FIELD_NUMBER: _ClassVar[int]
    PEARSON_ACROSS_TASKS_FIELD_NUMBER: _ClassVar[int]
    SHARE_WELL_PREDICTED_FIELD_NUMBER: _ClassVar[int]
    MACRO_F1_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    model: str
    dataset: str
    split: str
    n_sequences: int
    protocol: Protocol
    optimistic: bool
    accuracy: float
    auroc: float
    auprc: float
    ece: float
    confusion: _containers.RepeatedScalarFieldContainer[int]
    intervals: _containers.RepeatedCompositeFieldContainer[Interval]
    baselines: _containers.RepeatedCompositeFieldContainer[Baseline]
    interval_blocks: str
    target_type: str
    outputs: _containers.RepeatedCompositeFieldContainer[OutputMetric]
    pearson: float
    spearman: float
    mse: float
    pearson_across_tasks: float
    share_well_predicted: float
    macro_f1: float
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., model: _Optional[str] = ..., dataset: _Optional[str] = ..., split: _Optional[str] = ..., n_sequences: _Optional[int] = ..., protocol: _Optional[_Union[Protocol, str]] = ..., optimistic: _Optional[bool] = ..., accuracy: _Optional[float] = ..., auroc: _Optional[float] = ..., auprc: _Optional[float] = ..., ece: _Optional[float] = ..., confusion: _Optional[_Iterable[int]] = ..., intervals: _Optional[_Iterable[_Union[Interval, _Mapping]]] = ..., baselines: _Optional[_Iterable[_Union[Baseline, _Mapping]]] = ..., interval_blocks: _Optional[str] = ..., target_type: _Optional[str] = ..., outputs: _Optional[_Iterable[_Union[OutputMetric, _Mapping]]] = ..., pearson: _Optional[float] = ..., spearman: _Optional[float] = ..., mse: _Optional[float] = ..., pearson_across_tasks: _Optional[float] = ..., share_well_predicted: _Optional[float] = ..., macro_f1: _Optional[float] = ...) -> None: ...

class Export(_message.Message):
    __slots__ = ("name", "artifact", "model", "classes", "window_bp", "opset", "n_seeds", "max_abs_difference", "tolerance", "target_type", "activation", "outputs", "strand_symmetric", "temperatures", "format", "model_name", "max_batch_size", "licence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    OPSET_FIELD_NUMBER: _ClassVar[int]
    N_SEEDS_FIELD_NUMBER: _ClassVar[int]
    MAX_ABS_DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTIVATION_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    STRAND_SYMMETRIC_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURES_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    LICENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    model: str
    classes: _containers.RepeatedScalarFieldContainer[str]
    window_bp: int
    opset: int
    n_seeds: int
    max_abs_difference: float
    tolerance: float
    target_type: str
    activation: str
    outputs: _containers.RepeatedScalarFieldContainer[str]
    strand_symmetric: bool
    temperatures: _containers.RepeatedScalarFieldContainer[float]
    format: str
    model_name: str
    max_batch_size: int
    licence: str
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., model: _Optional[str] = ..., classes: _Optional[_Iterable[str]] = ..., window_bp: _Optional[int] = ..., opset: _Optional[int] = ..., n_seeds: _Optional[int] = ..., max_abs_difference: _Optional[float] = ..., tolerance: _Optional[float] = ..., target_type: _Optional[str] = ..., activation: _Optional[str] = ..., outputs: _Optional[_Iterable[str]] = ..., strand_symmetric: _Optional[bool] = ..., temperatures: _Optional[_Iterable[float]] = ..., format: _Optional[str] = ..., model_name: _Optional[str] = ..., max_batch_size: _Optional[int] = ..., licence: _Optional[str] = ...) -> None: ...

class ClassCount(_message.Message):
    __slots__ = ("name", "n_sequences")
    NAME_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    name: str
    n_sequences: int
    def __init__(self, name: _Optional[str] = ..., n_sequences: _Optional[int] = ...) -> None: ...

class PredictionSet(_message.Message):
    __slots__ = ("name", "artifact", "export", "n_sequences", "provider", "classes", "target_type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    EXPORT_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    export: str
    n_sequences: int
    provider: str
    classes: _containers.RepeatedCompositeFieldContainer[ClassCount]
    target_type: str
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., export: _Optional[str] = ..., n_sequences: _Optional[int] = ..., provider: _Optional[str] = ..., classes: _Optional[_Iterable[_Union[ClassCount, _Mapping]]] = ..., target_type: _Optional[str] = ...) -> None: ...

class GetModelRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models", "next_page_token")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[Model]
    next_page_token: str
    def __init__(self, models: _Optional[_Iterable[_Union[Model, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteModelRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetEvaluationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListEvaluationsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEvaluationsResponse(_message.Message):
    __slots__ = ("evaluations", "next_page_token")
    EVALUATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    evaluations: _containers.RepeatedCompositeFieldContainer[Evaluation]
    next_page_token: str
    def __init__(self, evaluations: _Optional[_Iterable[_Union[Evaluation, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteEvaluationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetExportRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListExportsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListExportsResponse(_message.Message):
    __slots__ = ("exports", "next_page_token")
    EXPORTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    exports: _containers.RepeatedCompositeFieldContainer[Export]
    next_page_token: str
    def __init__(self, exports: _Optional[_Iterable[_Union[Export, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteExportRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetPredictionSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListPredictionSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPredictionSetsResponse(_message.Message):
    __slots__ = ("predictions", "next_page_token")
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    predictions: _containers.RepeatedCompositeFieldContainer[PredictionSet]
    next_page_token: str
    def __init__(self, predictions: _Optional[_Iterable[_Union[PredictionSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeletePredictionSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ImportModelRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "checkpoint", "architecture", "options", "window_bp", "outputs", "target_type", "channel_order")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PARENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ORDER_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    checkpoint: _artifacts_pb2.InputFile
    architecture: str
    options: _containers.ScalarMap[str, str]
    window_bp: int
    outputs: _containers.RepeatedScalarFieldContainer[str]
    target_type: TargetType
    channel_order: str
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., checkpoint: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., architecture: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ..., window_bp: _Optional[int] = ..., outputs: _Optional[_Iterable[str]] = ..., target_type: _Optional[_Union[TargetType, str]] = ..., channel_order: _Optional[str] = ...) -> None: ...

class CompareModelsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "models", "evaluations", "names", "reference", "n_bootstrap", "bootstrap_seed")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PARENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    EVALUATIONS_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    N_BOOTSTRAP_FIELD_NUMBER: _ClassVar[int]
    BOOTSTRAP_SEED_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    models: _containers.RepeatedScalarFieldContainer[str]
    evaluations: _containers.RepeatedScalarFieldContainer[str]
    names: _containers.RepeatedScalarFieldContainer[str]
    reference: str
    n_bootstrap: int
    bootstrap_seed: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., models: _Optional[_Iterable[str]] = ..., evaluations: _Optional[_Iterable[str]] = ..., names: _Optional[_Iterable[str]] = ..., reference: _Optional[str] = ..., n_bootstrap: _Optional[int] = ..., bootstrap_seed: _Optional[int] = ...) -> None: ...

class ComparedMetric(_message.Message):
    __slots__ = ("metric", "ensemble", "mean", "sd")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    ENSEMBLE_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    SD_FIELD_NUMBER: _ClassVar[int]
    metric: str
    ensemble: float
    mean: float
    sd: float
    def __init__(self, metric: _Optional[str] = ..., ensemble: _Optional[float] = ..., mean: _Optional[float] = ..., sd: _Optional[float] = ...) -> None: ...

class Difference(_message.Message):
    __slots__ = ("metric", "difference", "low", "high", "pvalue", "qvalue")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    PVALUE_FIELD_NUMBER: _ClassVar[int]
    QVALUE_FIELD_NUMBER: _ClassVar[int]
    metric: str
    difference: float
    low: float
    high: float
    pvalue: float
    qvalue: float
    def __init__(self, metric: _Optional[str] = ..., difference: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., pvalue: _Optional[float] = ..., qvalue: _Optional[float] = ...) -> None: ...

class ComparedModel(_message.Message):
    __slots__ = ("name", "model", "evaluation", "architecture", "n_parameters", "seconds", "n_seeds", "metrics", "against_reference")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    N_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    N_SEEDS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    AGAINST_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    model: str
    evaluation: str
    architecture: str
    n_parameters: int
    seconds: float
    n_seeds: int
    metrics: _containers.RepeatedCompositeFieldContainer[ComparedMetric]
    against_reference: Difference
    def __init__(self, name: _Optional[str] = ..., model: _Optional[str] = ..., evaluation: _Optional[str] = ..., architecture: _Optional[str] = ..., n_parameters: _Optional[int] = ..., seconds: _Optional[float] = ..., n_seeds: _Optional[int] = ..., metrics: _Optional[_Iterable[_Union[ComparedMetric, _Mapping]]] = ..., against_reference: _Optional[_Union[Difference, _Mapping]] = ...) -> None: ...

class Comparison(_message.Message):
    __slots__ = ("name", "artifact", "dataset", "split", "n_sequences", "target_type", "main_metric", "reference", "interval_blocks", "models")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    MAIN_METRIC_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    dataset: str
    split: str
    n_sequences: int
    target_type: str
    main_metric: str
    reference: str
    interval_blocks: str
    models: _containers.RepeatedCompositeFieldContainer[ComparedModel]
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., dataset: _Optional[str] = ..., split: _Optional[str] = ..., n_sequences: _Optional[int] = ..., target_type: _Optional[str] = ..., main_metric: _Optional[str] = ..., reference: _Optional[str] = ..., interval_blocks: _Optional[str] = ..., models: _Optional[_Iterable[_Union[ComparedModel, _Mapping]]] = ...) -> None: ...

class GetComparisonRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListComparisonsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListComparisonsResponse(_message.Message):
    __slots__ = ("comparisons", "next_page_token")
    COMPARISONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    comparisons: _containers.RepeatedCompositeFieldContainer[Comparison]
    next_page_token: str
    def __init__(self, comparisons: _Optional[_Iterable[_Union[Comparison, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteComparisonRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...
