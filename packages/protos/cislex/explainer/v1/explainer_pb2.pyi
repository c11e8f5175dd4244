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

class Split(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SPLIT_UNSPECIFIED: _ClassVar[Split]
    SPLIT_TRAIN: _ClassVar[Split]
    SPLIT_VALIDATION: _ClassVar[Split]
    SPLIT_TEST: _ClassVar[Split]
    SPLIT_ALL: _ClassVar[Split]

class AttributionMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTRIBUTION_METHOD_UNSPECIFIED: _ClassVar[AttributionMethod]
    ATTRIBUTION_METHOD_SALIENCY: _ClassVar[AttributionMethod]
    ATTRIBUTION_METHOD_INPUT_X_GRADIENT: _ClassVar[AttributionMethod]
    ATTRIBUTION_METHOD_INTEGRATED_GRADIENTS: _ClassVar[AttributionMethod]
    ATTRIBUTION_METHOD_DEEPLIFT_SHAP: _ClassVar[AttributionMethod]
    ATTRIBUTION_METHOD_ISM: _ClassVar[AttributionMethod]

class AttributionTarget(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTRIBUTION_TARGET_UNSPECIFIED: _ClassVar[AttributionTarget]
    ATTRIBUTION_TARGET_WT_MINUS_KO: _ClassVar[AttributionTarget]
    ATTRIBUTION_TARGET_PREDICTED: _ClassVar[AttributionTarget]
    ATTRIBUTION_TARGET_OUTPUT: _ClassVar[AttributionTarget]

class Fallback(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FALLBACK_UNSPECIFIED: _ClassVar[Fallback]
    FALLBACK_NONE: _ClassVar[Fallback]
    FALLBACK_INTEGRATED_GRADIENTS: _ClassVar[Fallback]
    FALLBACK_ISM: _ClassVar[Fallback]

class RowChoice(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROW_CHOICE_UNSPECIFIED: _ClassVar[RowChoice]
    ROW_CHOICE_EVEN: _ClassVar[RowChoice]
    ROW_CHOICE_SCORE: _ClassVar[RowChoice]

class Baseline(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BASELINE_UNSPECIFIED: _ClassVar[Baseline]
    BASELINE_UNIFORM: _ClassVar[Baseline]
    BASELINE_ZEROS: _ClassVar[Baseline]
    BASELINE_DINUCLEOTIDE_SHUFFLE: _ClassVar[Baseline]

class Protocol(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROTOCOL_UNSPECIFIED: _ClassVar[Protocol]
    PROTOCOL_DEFAULT: _ClassVar[Protocol]
    PROTOCOL_PAPER: _ClassVar[Protocol]

class Device(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEVICE_UNSPECIFIED: _ClassVar[Device]
    DEVICE_AUTO: _ClassVar[Device]
    DEVICE_CPU: _ClassVar[Device]
    DEVICE_CUDA: _ClassVar[Device]

class KmerProtocol(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KMER_PROTOCOL_UNSPECIFIED: _ClassVar[KmerProtocol]
    KMER_PROTOCOL_DEFAULT: _ClassVar[KmerProtocol]
    KMER_PROTOCOL_EQ3: _ClassVar[KmerProtocol]
    KMER_PROTOCOL_CODE: _ClassVar[KmerProtocol]

class CorrectScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CORRECT_SCOPE_UNSPECIFIED: _ClassVar[CorrectScope]
    CORRECT_SCOPE_PER_TASK: _ClassVar[CorrectScope]
    CORRECT_SCOPE_ALL_TASKS: _ClassVar[CorrectScope]

class ProjectionMetric(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROJECTION_METRIC_UNSPECIFIED: _ClassVar[ProjectionMetric]
    PROJECTION_METRIC_EUCLIDEAN: _ClassVar[ProjectionMetric]
    PROJECTION_METRIC_COSINE: _ClassVar[ProjectionMetric]
    PROJECTION_METRIC_CORRELATION: _ClassVar[ProjectionMetric]
    PROJECTION_METRIC_MANHATTAN: _ClassVar[ProjectionMetric]

class InteractionBackground(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INTERACTION_BACKGROUND_UNSPECIFIED: _ClassVar[InteractionBackground]
    INTERACTION_BACKGROUND_SHUFFLED: _ClassVar[InteractionBackground]
    INTERACTION_BACKGROUND_RANDOM: _ClassVar[InteractionBackground]

class InteractionScale(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INTERACTION_SCALE_UNSPECIFIED: _ClassVar[InteractionScale]
    INTERACTION_SCALE_LOGIT: _ClassVar[InteractionScale]
    INTERACTION_SCALE_LOG2_FOLD_CHANGE: _ClassVar[InteractionScale]
SPLIT_UNSPECIFIED: Split
SPLIT_TRAIN: Split
SPLIT_VALIDATION: Split
SPLIT_TEST: Split
SPLIT_ALL: Split
ATTRIBUTION_METHOD_UNSPECIFIED: AttributionMethod
ATTRIBUTION_METHOD_SALIENCY: AttributionMethod
ATTRIBUTION_METHOD_INPUT_X_GRADIENT: AttributionMethod
ATTRIBUTION_METHOD_INTEGRATED_GRADIENTS: AttributionMethod
ATTRIBUTION_METHOD_DEEPLIFT_SHAP: AttributionMethod
ATTRIBUTION_METHOD_ISM: AttributionMethod
ATTRIBUTION_TARGET_UNSPECIFIED: AttributionTarget
ATTRIBUTION_TARGET_WT_MINUS_KO: AttributionTarget
ATTRIBUTION_TARGET_PREDICTED: AttributionTarget
ATTRIBUTION_TARGET_OUTPUT: AttributionTarget
FALLBACK_UNSPECIFIED: Fallback
FALLBACK_NONE: Fallback
FALLBACK_INTEGRATED_GRADIENTS: Fallback
FALLBACK_ISM: Fallback
ROW_CHOICE_UNSPECIFIED: RowChoice
ROW_CHOICE_EVEN: RowChoice
ROW_CHOICE_SCORE: RowChoice
BASELINE_UNSPECIFIED: Baseline
BASELINE_UNIFORM: Baseline
BASELINE_ZEROS: Baseline
BASELINE_DINUCLEOTIDE_SHUFFLE: Baseline
PROTOCOL_UNSPECIFIED: Protocol
PROTOCOL_DEFAULT: Protocol
PROTOCOL_PAPER: Protocol
DEVICE_UNSPECIFIED: Device
DEVICE_AUTO: Device
DEVICE_CPU: Device
DEVICE_CUDA: Device
KMER_PROTOCOL_UNSPECIFIED: KmerProtocol
KMER_PROTOCOL_DEFAULT: KmerProtocol
KMER_PROTOCOL_EQ3: KmerProtocol
KMER_PROTOCOL_CODE: KmerProtocol
CORRECT_SCOPE_UNSPECIFIED: CorrectScope
CORRECT_SCOPE_PER_TASK: CorrectScope
CORRECT_SCOPE_ALL_TASKS: CorrectScope
PROJECTION_METRIC_UNSPECIFIED: ProjectionMetric
PROJECTION_METRIC_EUCLIDEAN: ProjectionMetric
PROJECTION_METRIC_COSINE: ProjectionMetric
PROJECTION_METRIC_CORRELATION: ProjectionMetric
PROJECTION_METRIC_MANHATTAN: ProjectionMetric
INTERACTION_BACKGROUND_UNSPECIFIED: InteractionBackground
INTERACTION_BACKGROUND_SHUFFLED: InteractionBackground
INTERACTION_BACKGROUND_RANDOM: InteractionBackground
INTERACTION_SCALE_UNSPECIFIED: InteractionScale
INTERACTION_SCALE_LOGIT: InteractionScale
INTERACTION_SCALE_LOG2_FOLD_CHANGE: InteractionScale

class ComputeAttributionsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "model", "dataset", "split", "method", "target", "seed_index", "gradient_correction", "steps", "baseline", "n_baselines", "baseline_seed", "rc_average", "batch_size", "device", "protocol", "outputs", "max_rows", "row_choice", "max_convergence_delta", "fallback", "memory_limit_bytes")
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
    METHOD_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    SEED_INDEX_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_CORRECTION_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    N_BASELINES_FIELD_NUMBER: _ClassVar[int]
    BASELINE_SEED_FIELD_NUMBER: _ClassVar[int]
    RC_AVERAGE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    MAX_ROWS_FIELD_NUMBER: _ClassVar[int]
    ROW_CHOICE_FIELD_NUMBER: _ClassVar[int]
    MAX_CONVERGENCE_DELTA_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_FIELD_NUMBER: _ClassVar[int]
    MEMORY_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    model: str
    dataset: str
    split: Split
    method: AttributionMethod
    target: AttributionTarget
    seed_index: int
    gradient_correction: bool
    steps: int
    baseline: Baseline
    n_baselines: int
    baseline_seed: int
    rc_average: bool
    batch_size: int
    device: Device
    protocol: Protocol
    outputs: _containers.RepeatedScalarFieldContainer[str]
    max_rows: int
    row_choice: RowChoice
    max_convergence_delta: float
    fallback: Fallback
    memory_limit_bytes: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., model: _Optional[str] = ..., dataset: _Optional[str] = ..., split: _Optional[_Union[Split, str]] = ..., method: _Optional[_Union[AttributionMethod, str]] = ..., target: _Optional[_Union[AttributionTarget, str]] = ..., seed_index: _Optional[int] = ..., gradient_correction: _Optional[bool] = ..., steps: _Optional[int] = ..., baseline: _Optional[_Union[Baseline, str]] = ..., n_baselines: _Optional[int] = ..., baseline_seed: _Optional[int] = ..., rc_average: _Optional[bool] = ..., batch_size: _Optional[int] = ..., device: _Optional[_Union[Device, str]] = ..., protocol: _Optional[_Union[Protocol, str]] = ..., outputs: _Optional[_Iterable[str]] = ..., max_rows: _Optional[int] = ..., row_choice: _Optional[_Union[RowChoice, str]] = ..., max_convergence_delta: _Optional[float] = ..., fallback: _Optional[_Union[Fallback, str]] = ..., memory_limit_bytes: _Optional[int] = ...) -> None: ...

class Attributions(_message.Message):
    __slots__ = ("name", "artifact", "n_sequences", "window_bp", "split", "method", "target", "seeds", "gradient_correction", "rc_average", "baseline", "steps", "max_abs_completeness_delta", "mean_abs_completeness_delta", "accuracy", "device", "device_reason", "outputs", "requested_method", "fallback_reason", "max_convergence_delta", "mean_convergence_delta", "n_split", "normalisation", "batch_size", "estimated_bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_CORRECTION_FIELD_NUMBER: _ClassVar[int]
    RC_AVERAGE_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    MAX_ABS_COMPLETENESS_DELTA_FIELD_NUMBER: _ClassVar[int]
    MEAN_ABS_COMPLETENESS_DELTA_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_REASON_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_METHOD_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_REASON_FIELD_NUMBER: _ClassVar[int]
    MAX_CONVERGENCE_DELTA_FIELD_NUMBER: _ClassVar[int]
    MEAN_CONVERGENCE_DELTA_FIELD_NUMBER: _ClassVar[int]
    N_SPLIT_FIELD_NUMBER: _ClassVar[int]
    NORMALISATION_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_sequences: int
    window_bp: int
    split: str
    method: str
    target: str
    seeds: _containers.RepeatedScalarFieldContainer[int]
    gradient_correction: bool
    rc_average: bool
    baseline: str
    steps: int
    max_abs_completeness_delta: float
    mean_abs_completeness_delta: float
    accuracy: float
    device: str
    device_reason: str
    outputs: _containers.RepeatedScalarFieldContainer[str]
    requested_method: str
    fallback_reason: str
    max_convergence_delta: float
    mean_convergence_delta: float
    n_split: int
    normalisation: str
    batch_size: int
    estimated_bytes: int
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_sequences: _Optional[int] = ..., window_bp: _Optional[int] = ..., split: _Optional[str] = ..., method: _Optional[str] = ..., target: _Optional[str] = ..., seeds: _Optional[_Iterable[int]] = ..., gradient_correction: _Optional[bool] = ..., rc_average: _Optional[bool] = ..., baseline: _Optional[str] = ..., steps: _Optional[int] = ..., max_abs_completeness_delta: _Optional[float] = ..., mean_abs_completeness_delta: _Optional[float] = ..., accuracy: _Optional[float] = ..., device: _Optional[str] = ..., device_reason: _Optional[str] = ..., outputs: _Optional[_Iterable[str]] = ..., requested_method: _Optional[str] = ..., fallback_reason: _Optional[str] = ..., max_convergence_delta: _Optional[float] = ..., mean_convergence_delta: _Optional[float] = ..., n_split: _Optional[int] = ..., normalisation: _Optional[str] = ..., batch_size: _Optional[int] = ..., estimated_bytes: _Optional[int] = ...) -> None: ...

class ExtractKmersRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "attributions", "dataset", "model", "k", "top_n", "min_distance", "kmer_protocol", "rc_aware", "k_rank")
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
    ATTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    TOP_N_FIELD_NUMBER: _ClassVar[int]
    MIN_DISTANCE_FIELD_NUMBER: _ClassVar[int]
    KMER_PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    RC_AWARE_FIELD_NUMBER: _ClassVar[int]
    K_RANK_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    attributions: str
    dataset: str
    model: str
    k: int
    top_n: int
    min_distance: int
    kmer_protocol: KmerProtocol
    rc_aware: bool
    k_rank: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., attributions: _Optional[str] = ..., dataset: _Optional[str] = ..., model: _Optional[str] = ..., k: _Optional[int] = ..., top_n: _Optional[int] = ..., min_distance: _Optional[int] = ..., kmer_protocol: _Optional[_Union[KmerProtocol, str]] = ..., rc_aware: _Optional[bool] = ..., k_rank: _Optional[int] = ...) -> None: ...

class KmerSet(_message.Message):
    __slots__ = ("name", "artifact", "n_kmers", "n_sequences", "n_wt_sequences", "n_ko_sequences", "k", "top_n", "min_distance", "kmer_protocol", "rc_aware", "k_rank", "n_ranked", "top_ranked")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_KMERS_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    N_WT_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    N_KO_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    TOP_N_FIELD_NUMBER: _ClassVar[int]
    MIN_DISTANCE_FIELD_NUMBER: _ClassVar[int]
    KMER_PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    RC_AWARE_FIELD_NUMBER: _ClassVar[int]
    K_RANK_FIELD_NUMBER: _ClassVar[int]
    N_RANKED_FIELD_NUMBER: _ClassVar[int]
    TOP_RANKED_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_kmers: int
    n_sequences: int
    n_wt_sequences: int
    n_ko_sequences: int
    k: int
    top_n: int
    min_distance: int
    kmer_protocol: str
    rc_aware: bool
    k_rank: int
    n_ranked: int
    top_ranked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_kmers: _Optional[int] = ..., n_sequences: _Optional[int] = ..., n_wt_sequences: _Optional[int] = ..., n_ko_sequences: _Optional[int] = ..., k: _Optional[int] = ..., top_n: _Optional[int] = ..., min_distance: _Optional[int] = ..., kmer_protocol: _Optional[str] = ..., rc_aware: _Optional[bool] = ..., k_rank: _Optional[int] = ..., n_ranked: _Optional[int] = ..., top_ranked: _Optional[_Iterable[str]] = ...) -> None: ...

class ExplainFiltersRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "model", "dataset", "split", "threshold", "max_effect_sequences", "group_similarity", "min_information_bits", "min_nsites", "top_kmers", "min_seeds", "batch_size", "device", "inclusive", "correct_correlation", "correct_percentile")
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
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    MAX_EFFECT_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    GROUP_SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    MIN_INFORMATION_BITS_FIELD_NUMBER: _ClassVar[int]
    MIN_NSITES_FIELD_NUMBER: _ClassVar[int]
    TOP_KMERS_FIELD_NUMBER: _ClassVar[int]
    MIN_SEEDS_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    INCLUSIVE_FIELD_NUMBER: _ClassVar[int]
    CORRECT_CORRELATION_FIELD_NUMBER: _ClassVar[int]
    CORRECT_PERCENTILE_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    model: str
    dataset: str
    split: Split
    threshold: float
    max_effect_sequences: int
    group_similarity: float
    min_information_bits: float
    min_nsites: int
    top_kmers: int
    min_seeds: int
    batch_size: int
    device: Device
    inclusive: bool
    correct_correlation: float
    correct_percentile: float
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., model: _Optional[str] = ..., dataset: _Optional[str] = ..., split: _Optional[_Union[Split, str]] = ..., threshold: _Optional[float] = ..., max_effect_sequences: _Optional[int] = ..., group_similarity: _Optional[float] = ..., min_information_bits: _Optional[float] = ..., min_nsites: _Optional[int] = ..., top_kmers: _Optional[int] = ..., min_seeds: _Optional[int] = ..., batch_size: _Optional[int] = ..., device: _Optional[_Union[Device, str]] = ..., inclusive: _Optional[bool] = ..., correct_correlation: _Optional[float] = ..., correct_percentile: _Optional[float] = ...) -> None: ...

class FilterSet(_message.Message):
    __slots__ = ("name", "artifact", "n_filters", "n_active_filters", "width_bp", "n_groups", "n_recurrent_groups", "n_recurrent_kmers", "seeds", "n_sequences", "n_effect_sequences", "threshold", "split", "device", "device_reason", "outputs", "target_type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_FILTERS_FIELD_NUMBER: _ClassVar[int]
    N_ACTIVE_FILTERS_FIELD_NUMBER: _ClassVar[int]
    WIDTH_BP_FIELD_NUMBER: _ClassVar[int]
    N_GROUPS_FIELD_NUMBER: _ClassVar[int]
    N_RECURRENT_GROUPS_FIELD_NUMBER: _ClassVar[int]
    N_RECURRENT_KMERS_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    N_EFFECT_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_REASON_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_filters: int
    n_active_filters: int
    width_bp: int
    n_groups: int
    n_recurrent_groups: int
    n_recurrent_kmers: int
    seeds: _containers.RepeatedScalarFieldContainer[int]
    n_sequences: int
    n_effect_sequences: int
    threshold: float
    split: str
    device: str
    device_reason: str
    outputs: _containers.RepeatedScalarFieldContainer[str]
    target_type: str
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_filters: _Optional[int] = ..., n_active_filters: _Optional[int] = ..., width_bp: _Optional[int] = ..., n_groups: _Optional[int] = ..., n_recurrent_groups: _Optional[int] = ..., n_recurrent_kmers: _Optional[int] = ..., seeds: _Optional[_Iterable[int]] = ..., n_sequences: _Optional[int] = ..., n_effect_sequences: _Optional[int] = ..., threshold: _Optional[float] = ..., split: _Optional[str] = ..., device: _Optional[str] = ..., device_reason: _Optional[str] = ..., outputs: _Optional[_Iterable[str]] = ..., target_type: _Optional[str] = ...) -> None: ...

class GetAttributionsRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListAttributionsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListAttributionsResponse(_message.Message):
    __slots__ = ("attributions", "next_page_token")
    ATTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    attributions: _containers.RepeatedCompositeFieldContainer[Attributions]
    next_page_token: str
    def __init__(self, attributions: _Optional[_Iterable[_Union[Attributions, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteAttributionsRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetKmerSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListKmerSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListKmerSetsResponse(_message.Message):
    __slots__ = ("kmers", "next_page_token")
    KMERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    kmers: _containers.RepeatedCompositeFieldContainer[KmerSet]
    next_page_token: str
    def __init__(self, kmers: _Optional[_Iterable[_Union[KmerSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteKmerSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetFilterSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListFilterSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListFilterSetsResponse(_message.Message):
    __slots__ = ("filters", "next_page_token")
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filters: _containers.RepeatedCompositeFieldContainer[FilterSet]
    next_page_token: str
    def __init__(self, filters: _Optional[_Iterable[_Union[FilterSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteFilterSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ExplainUnitsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "model", "dataset", "split", "threshold", "inclusive", "correct_correlation", "correct_percentile", "correct_scope", "large_weight", "negligible_importance", "batch_size", "device")
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
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    INCLUSIVE_FIELD_NUMBER: _ClassVar[int]
    CORRECT_CORRELATION_FIELD_NUMBER: _ClassVar[int]
    CORRECT_PERCENTILE_FIELD_NUMBER: _ClassVar[int]
    CORRECT_SCOPE_FIELD_NUMBER: _ClassVar[int]
    LARGE_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    NEGLIGIBLE_IMPORTANCE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    model: str
    dataset: str
    split: Split
    threshold: float
    inclusive: bool
    correct_correlation: float
    correct_percentile: float
    correct_scope: CorrectScope
    large_weight: float
    negligible_importance: float
    batch_size: int
    device: Device
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., model: _Optional[str] = ..., dataset: _Optional[str] = ..., split: _Optional[_Union[Split, str]] = ..., threshold: _Optional[float] = ..., inclusive: _Optional[bool] = ..., correct_correlation: _Optional[float] = ..., correct_percentile: _Optional[float] = ..., correct_scope: _Optional[_Union[CorrectScope, str]] = ..., large_weight: _Optional[float] = ..., negligible_importance: _Optional[float] = ..., batch_size: _Optional[int] = ..., device: _Optional[_Union[Device, str]] = ...) -> None: ...

class UnitSet(_message.Message):
    __slots__ = ("name", "artifact", "n_units", "n_active_units", "width_bp", "outputs", "contrast", "seeds", "n_sequences", "n_correct", "correct_rule", "split", "threshold", "inclusive", "target_type", "top_units", "n_weight_only", "device", "device_reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_UNITS_FIELD_NUMBER: _ClassVar[int]
    N_ACTIVE_UNITS_FIELD_NUMBER: _ClassVar[int]
    WIDTH_BP_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    CONTRAST_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    N_CORRECT_FIELD_NUMBER: _ClassVar[int]
    CORRECT_RULE_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    INCLUSIVE_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    TOP_UNITS_FIELD_NUMBER: _ClassVar[int]
    N_WEIGHT_ONLY_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_units: int
    n_active_units: int
    width_bp: int
    outputs: _containers.RepeatedScalarFieldContainer[str]
    contrast: str
    seeds: _containers.RepeatedScalarFieldContainer[int]
    n_sequences: int
    n_correct: int
    correct_rule: str
    split: str
    threshold: float
    inclusive: bool
    target_type: str
    top_units: _containers.RepeatedScalarFieldContainer[str]
    n_weight_only: int
    device: str
    device_reason: str
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_units: _Optional[int] = ..., n_active_units: _Optional[int] = ..., width_bp: _Optional[int] = ..., outputs: _Optional[_Iterable[str]] = ..., contrast: _Optional[str] = ..., seeds: _Optional[_Iterable[int]] = ..., n_sequences: _Optional[int] = ..., n_correct: _Optional[int] = ..., correct_rule: _Optional[str] = ..., split: _Optional[str] = ..., threshold: _Optional[float] = ..., inclusive: _Optional[bool] = ..., target_type: _Optional[str] = ..., top_units: _Optional[_Iterable[str]] = ..., n_weight_only: _Optional[int] = ..., device: _Optional[str] = ..., device_reason: _Optional[str] = ...) -> None: ...

class ProjectUnitsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "units", "dataset", "color_by", "seed_index", "max_rows", "n_neighbors", "min_dist", "metric", "standardize", "seed")
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
    UNITS_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    COLOR_BY_FIELD_NUMBER: _ClassVar[int]
    SEED_INDEX_FIELD_NUMBER: _ClassVar[int]
    MAX_ROWS_FIELD_NUMBER: _ClassVar[int]
    N_NEIGHBORS_FIELD_NUMBER: _ClassVar[int]
    MIN_DIST_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    STANDARDIZE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    units: str
    dataset: str
    color_by: _containers.RepeatedScalarFieldContainer[str]
    seed_index: int
    max_rows: int
    n_neighbors: int
    min_dist: float
    metric: ProjectionMetric
    standardize: bool
    seed: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., units: _Optional[str] = ..., dataset: _Optional[str] = ..., color_by: _Optional[_Iterable[str]] = ..., seed_index: _Optional[int] = ..., max_rows: _Optional[int] = ..., n_neighbors: _Optional[int] = ..., min_dist: _Optional[float] = ..., metric: _Optional[_Union[ProjectionMetric, str]] = ..., standardize: _Optional[bool] = ..., seed: _Optional[int] = ...) -> None: ...

class Projection(_message.Message):
    __slots__ = ("name", "artifact", "n_rows", "n_sequences", "n_units", "color_by", "n_neighbors", "min_dist", "metric", "standardize", "seed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    N_UNITS_FIELD_NUMBER: _ClassVar[int]
    COLOR_BY_FIELD_NUMBER: _ClassVar[int]
    N_NEIGHBORS_FIELD_NUMBER: _ClassVar[int]
    MIN_DIST_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    STANDARDIZE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_rows: int
    n_sequences: int
    n_units: int
    color_by: _containers.RepeatedScalarFieldContainer[str]
    n_neighbors: int
    min_dist: float
    metric: str
    standardize: bool
    seed: int
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_rows: _Optional[int] = ..., n_sequences: _Optional[int] = ..., n_units: _Optional[int] = ..., color_by: _Optional[_Iterable[str]] = ..., n_neighbors: _Optional[int] = ..., min_dist: _Optional[float] = ..., metric: _Optional[str] = ..., standardize: _Optional[bool] = ..., seed: _Optional[int] = ...) -> None: ...

class MeasureInteractionsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "model", "motifs", "motif_artifact", "motif_file", "control", "background", "dataset", "split", "n_backgrounds", "min_gap_bp", "max_distance_bp", "step_bp", "both_orientations", "outputs", "scale", "pseudocount", "seed_index", "n_permutations", "alpha", "tolerance", "seed", "batch_size", "device")
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
    MOTIFS_FIELD_NUMBER: _ClassVar[int]
    MOTIF_ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    MOTIF_FILE_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    N_BACKGROUNDS_FIELD_NUMBER: _ClassVar[int]
    MIN_GAP_BP_FIELD_NUMBER: _ClassVar[int]
    MAX_DISTANCE_BP_FIELD_NUMBER: _ClassVar[int]
    STEP_BP_FIELD_NUMBER: _ClassVar[int]
    BOTH_ORIENTATIONS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    PSEUDOCOUNT_FIELD_NUMBER: _ClassVar[int]
    SEED_INDEX_FIELD_NUMBER: _ClassVar[int]
    N_PERMUTATIONS_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    model: str
    motifs: _containers.RepeatedScalarFieldContainer[str]
    motif_artifact: str
    motif_file: _artifacts_pb2.InputFile
    control: str
    background: InteractionBackground
    dataset: str
    split: Split
    n_backgrounds: int
    min_gap_bp: int
    max_distance_bp: int
    step_bp: int
    both_orientations: bool
    outputs: _containers.RepeatedScalarFieldContainer[str]
    scale: InteractionScale
    pseudocount: float
    seed_index: int
    n_permutations: int
    alpha: float
    tolerance: float
    seed: int
    batch_size: int
    device: Device
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., model: _Optional[str] = ..., motifs: _Optional[_Iterable[str]] = ..., motif_artifact: _Optional[str] = ..., motif_file: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., control: _Optional[str] = ..., background: _Optional[_Union[InteractionBackground, str]] = ..., dataset: _Optional[str] = ..., split: _Optional[_Union[Split, str]] = ..., n_backgrounds: _Optional[int] = ..., min_gap_bp: _Optional[int] = ..., max_distance_bp: _Optional[int] = ..., step_bp: _Optional[int] = ..., both_orientations: _Optional[bool] = ..., outputs: _Optional[_Iterable[str]] = ..., scale: _Optional[_Union[InteractionScale, str]] = ..., pseudocount: _Optional[float] = ..., seed_index: _Optional[int] = ..., n_permutations: _Optional[int] = ..., alpha: _Optional[float] = ..., tolerance: _Optional[float] = ..., seed: _Optional[int] = ..., batch_size: _Optional[int] = ..., device: _Optional[_Union[Device, str]] = ...) -> None: ...

class Interaction(_message.Message):
    __slots__ = ("first", "second", "orientation", "output", "max_abs_residual", "distance_bp", "residual", "control_max_abs_residual", "effect_first", "effect_second", "relative_residual", "residual_range", "p_value", "additive", "between_units_max_abs", "top_units", "verdict", "constant_residual", "control_constant_residual", "constant_relative", "constant_p_value", "far_from_bp", "distance_residual", "control_distance_residual", "distance_relative", "distance_p_value", "distance_residual_bp", "within_units_max_abs")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    SECOND_FIELD_NUMBER: _ClassVar[int]
    ORIENTATION_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    MAX_ABS_RESIDUAL_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_BP_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_FIELD_NUMBER: _ClassVar[int]
    CONTROL_MAX_ABS_RESIDUAL_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIRST_FIELD_NUMBER: _ClassVar[int]
    EFFECT_SECOND_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_RESIDUAL_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_RANGE_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    ADDITIVE_FIELD_NUMBER: _ClassVar[int]
    BETWEEN_UNITS_MAX_ABS_FIELD_NUMBER: _ClassVar[int]
    TOP_UNITS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    CONSTANT_RESIDUAL_FIELD_NUMBER: _ClassVar[int]
    CONTROL_CONSTANT_RESIDUAL_FIELD_NUMBER: _ClassVar[int]
    CONSTANT_RELATIVE_FIELD_NUMBER: _ClassVar[int]
    CONSTANT_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    FAR_FROM_BP_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_RESIDUAL_FIELD_NUMBER: _ClassVar[int]
    CONTROL_DISTANCE_RESIDUAL_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_RELATIVE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_RESIDUAL_BP_FIELD_NUMBER: _ClassVar[int]
    WITHIN_UNITS_MAX_ABS_FIELD_NUMBER: _ClassVar[int]
    first: str
    second: str
    orientation: str
    output: str
    max_abs_residual: float
    distance_bp: int
    residual: float
    control_max_abs_residual: float
    effect_first: float
    effect_second: float
    relative_residual: float
    residual_range: float
    p_value: float
    additive: bool
    between_units_max_abs: float
    top_units: _containers.RepeatedScalarFieldContainer[str]
    verdict: str
    constant_residual: float
    control_constant_residual: float
    constant_relative: float
    constant_p_value: float
    far_from_bp: int
    distance_residual: float
    control_distance_residual: float
    distance_relative: float
    distance_p_value: float
    distance_residual_bp: int
    within_units_max_abs: float
    def __init__(self, first: _Optional[str] = ..., second: _Optional[str] = ..., orientation: _Optional[str] = ..., output: _Optional[str] = ..., max_abs_residual: _Optional[float] = ..., distance_bp: _Optional[int] = ..., residual: _Optional[float] = ..., control_max_abs_residual: _Optional[float] = ..., effect_first: _Optional[float] = ..., effect_second: _Optional[float] = ..., relative_residual: _Optional[float] = ..., residual_range: _Optional[float] = ..., p_value: _Optional[float] = ..., additive: _Optional[bool] = ..., between_units_max_abs: _Optional[float] = ..., top_units: _Optional[_Iterable[str]] = ..., verdict: _Optional[str] = ..., constant_residual: _Optional[float] = ..., control_constant_residual: _Optional[float] = ..., constant_relative: _Optional[float] = ..., constant_p_value: _Optional[float] = ..., far_from_bp: _Optional[int] = ..., distance_residual: _Optional[float] = ..., control_distance_residual: _Optional[float] = ..., distance_relative: _Optional[float] = ..., distance_p_value: _Optional[float] = ..., distance_residual_bp: _Optional[int] = ..., within_units_max_abs: _Optional[float] = ...) -> None: ...

class InteractionSet(_message.Message):
    __slots__ = ("name", "artifact", "results", "words", "control", "background", "n_backgrounds", "n_distances", "window_bp", "outputs", "scale", "seeds", "additive", "criterion", "device", "device_reason", "verdicts")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    N_BACKGROUNDS_FIELD_NUMBER: _ClassVar[int]
    N_DISTANCES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    ADDITIVE_FIELD_NUMBER: _ClassVar[int]
    CRITERION_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_REASON_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    results: _containers.RepeatedCompositeFieldContainer[Interaction]
    words: _containers.RepeatedScalarFieldContainer[str]
    control: str
    background: str
    n_backgrounds: int
    n_distances: int
    window_bp: int
    outputs: _containers.RepeatedScalarFieldContainer[str]
    scale: str
    seeds: _containers.RepeatedScalarFieldContainer[int]
    additive: bool
    criterion: str
    device: str
    device_reason: str
    verdicts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., results: _Optional[_Iterable[_Union[Interaction, _Mapping]]] = ..., words: _Optional[_Iterable[str]] = ..., control: _Optional[str] = ..., background: _Optional[str] = ..., n_backgrounds: _Optional[int] = ..., n_distances: _Optional[int] = ..., window_bp: _Optional[int] = ..., outputs: _Optional[_Iterable[str]] = ..., scale: _Optional[str] = ..., seeds: _Optional[_Iterable[int]] = ..., additive: _Optional[bool] = ..., criterion: _Optional[str] = ..., device: _Optional[str] = ..., device_reason: _Optional[str] = ..., verdicts: _Optional[_Iterable[str]] = ...) -> None: ...

class GetUnitSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListUnitSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListUnitSetsResponse(_message.Message):
    __slots__ = ("units", "next_page_token")
    UNITS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    units: _containers.RepeatedCompositeFieldContainer[UnitSet]
    next_page_token: str
    def __init__(self, units: _Optional[_Iterable[_Union[UnitSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteUnitSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetProjectionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListProjectionsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProjectionsResponse(_message.Message):
    __slots__ = ("projections", "next_page_token")
    PROJECTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    projections: _containers.RepeatedCompositeFieldContainer[Projection]
    next_page_token: str
    def __init__(self, projections: _Optional[_Iterable[_Union[Projection, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteProjectionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetInteractionSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListInteractionSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListInteractionSetsResponse(_message.Message):
    __slots__ = ("interactions", "next_page_token")
    INTERACTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    interactions: _containers.RepeatedCompositeFieldContainer[InteractionSet]
    next_page_token: str
    def __init__(self, interactions: _Optional[_Iterable[_Union[InteractionSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteInteractionSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...
