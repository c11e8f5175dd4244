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

class AliasMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALIAS_MODE_UNSPECIFIED: _ClassVar[AliasMode]
    ALIAS_MODE_NONE: _ClassVar[AliasMode]
    ALIAS_MODE_AUTO: _ClassVar[AliasMode]

class Pad(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAD_UNSPECIFIED: _ClassVar[Pad]
    PAD_CENTER: _ClassVar[Pad]
    PAD_END: _ClassVar[Pad]

class SplitBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SPLIT_BY_UNSPECIFIED: _ClassVar[SplitBy]
    SPLIT_BY_CHROMOSOME: _ClassVar[SplitBy]
    SPLIT_BY_RANDOM: _ClassVar[SplitBy]
    SPLIT_BY_STRATIFIED: _ClassVar[SplitBy]
    SPLIT_BY_GIVEN: _ClassVar[SplitBy]

class Protocol(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROTOCOL_UNSPECIFIED: _ClassVar[Protocol]
    PROTOCOL_DEFAULT: _ClassVar[Protocol]
    PROTOCOL_PAPER: _ClassVar[Protocol]

class LabelDefinition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LABEL_DEFINITION_UNSPECIFIED: _ClassVar[LabelDefinition]
    LABEL_DEFINITION_UNCHANGED: _ClassVar[LabelDefinition]
    LABEL_DEFINITION_SPECIFIC: _ClassVar[LabelDefinition]

class Contrast(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTRAST_UNSPECIFIED: _ClassVar[Contrast]
    CONTRAST_KO_OVER_WT: _ClassVar[Contrast]
    CONTRAST_WT_OVER_KO: _ClassVar[Contrast]

class Normalization(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NORMALIZATION_UNSPECIFIED: _ClassVar[Normalization]
    NORMALIZATION_NONE: _ClassVar[Normalization]
    NORMALIZATION_CPM: _ClassVar[Normalization]

class Encoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENCODING_UNSPECIFIED: _ClassVar[Encoding]
    ENCODING_CODES: _ClassVar[Encoding]
    ENCODING_ONE_HOT: _ClassVar[Encoding]

class TargetType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TARGET_TYPE_UNSPECIFIED: _ClassVar[TargetType]
    TARGET_TYPE_MULTILABEL: _ClassVar[TargetType]
    TARGET_TYPE_REGRESSION: _ClassVar[TargetType]

class RegionsAxis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REGIONS_AXIS_UNSPECIFIED: _ClassVar[RegionsAxis]
    REGIONS_AXIS_OBS: _ClassVar[RegionsAxis]
    REGIONS_AXIS_VAR: _ClassVar[RegionsAxis]

class ProbeNormalization(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROBE_NORMALIZATION_UNSPECIFIED: _ClassVar[ProbeNormalization]
    PROBE_NORMALIZATION_NONE: _ClassVar[ProbeNormalization]
    PROBE_NORMALIZATION_QUANTILE_UNIFORM: _ClassVar[ProbeNormalization]
    PROBE_NORMALIZATION_QUANTILE_NORMAL: _ClassVar[ProbeNormalization]
    PROBE_NORMALIZATION_LOG2: _ClassVar[ProbeNormalization]

class NegativeMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NEGATIVE_METHOD_UNSPECIFIED: _ClassVar[NegativeMethod]
    NEGATIVE_METHOD_GC_POOL: _ClassVar[NegativeMethod]
    NEGATIVE_METHOD_GC_GENOME: _ClassVar[NegativeMethod]
    NEGATIVE_METHOD_DINUCLEOTIDE: _ClassVar[NegativeMethod]
    NEGATIVE_METHOD_SUBSAMPLE: _ClassVar[NegativeMethod]

class SimulationDesign(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIMULATION_DESIGN_UNSPECIFIED: _ClassVar[SimulationDesign]
    SIMULATION_DESIGN_MULTILABEL: _ClassVar[SimulationDesign]
    SIMULATION_DESIGN_ADDITIVE: _ClassVar[SimulationDesign]
    SIMULATION_DESIGN_COOPERATIVE: _ClassVar[SimulationDesign]
ALIAS_MODE_UNSPECIFIED: AliasMode
ALIAS_MODE_NONE: AliasMode
ALIAS_MODE_AUTO: AliasMode
PAD_UNSPECIFIED: Pad
PAD_CENTER: Pad
PAD_END: Pad
SPLIT_BY_UNSPECIFIED: SplitBy
SPLIT_BY_CHROMOSOME: SplitBy
SPLIT_BY_RANDOM: SplitBy
SPLIT_BY_STRATIFIED: SplitBy
SPLIT_BY_GIVEN: SplitBy
PROTOCOL_UNSPECIFIED: Protocol
PROTOCOL_DEFAULT: Protocol
PROTOCOL_PAPER: Protocol
LABEL_DEFINITION_UNSPECIFIED: LabelDefinition
LABEL_DEFINITION_UNCHANGED: LabelDefinition
LABEL_DEFINITION_SPECIFIC: LabelDefinition
CONTRAST_UNSPECIFIED: Contrast
CONTRAST_KO_OVER_WT: Contrast
CONTRAST_WT_OVER_KO: Contrast
NORMALIZATION_UNSPECIFIED: Normalization
NORMALIZATION_NONE: Normalization
NORMALIZATION_CPM: Normalization
ENCODING_UNSPECIFIED: Encoding
ENCODING_CODES: Encoding
ENCODING_ONE_HOT: Encoding
TARGET_TYPE_UNSPECIFIED: TargetType
TARGET_TYPE_MULTILABEL: TargetType
TARGET_TYPE_REGRESSION: TargetType
REGIONS_AXIS_UNSPECIFIED: RegionsAxis
REGIONS_AXIS_OBS: RegionsAxis
REGIONS_AXIS_VAR: RegionsAxis
PROBE_NORMALIZATION_UNSPECIFIED: ProbeNormalization
PROBE_NORMALIZATION_NONE: ProbeNormalization
PROBE_NORMALIZATION_QUANTILE_UNIFORM: ProbeNormalization
PROBE_NORMALIZATION_QUANTILE_NORMAL: ProbeNormalization
PROBE_NORMALIZATION_LOG2: ProbeNormalization
NEGATIVE_METHOD_UNSPECIFIED: NegativeMethod
NEGATIVE_METHOD_GC_POOL: NegativeMethod
NEGATIVE_METHOD_GC_GENOME: NegativeMethod
NEGATIVE_METHOD_DINUCLEOTIDE: NegativeMethod
NEGATIVE_METHOD_SUBSAMPLE: NegativeMethod
SIMULATION_DESIGN_UNSPECIFIED: SimulationDesign
SIMULATION_DESIGN_MULTILABEL: SimulationDesign
SIMULATION_DESIGN_ADDITIVE: SimulationDesign
SIMULATION_DESIGN_COOPERATIVE: SimulationDesign

class RegisterGenomeRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "fasta", "alias_table")
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
    FASTA_FIELD_NUMBER: _ClassVar[int]
    ALIAS_TABLE_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    fasta: _artifacts_pb2.InputFile
    alias_table: _artifacts_pb2.InputFile
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., fasta: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., alias_table: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ...) -> None: ...

class Genome(_message.Message):
    __slots__ = ("name", "artifact", "genome_digest", "fasta_sha256", "n_contigs", "total_bp", "n_aliases", "looks_like_mouse")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    GENOME_DIGEST_FIELD_NUMBER: _ClassVar[int]
    FASTA_SHA256_FIELD_NUMBER: _ClassVar[int]
    N_CONTIGS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BP_FIELD_NUMBER: _ClassVar[int]
    N_ALIASES_FIELD_NUMBER: _ClassVar[int]
    LOOKS_LIKE_MOUSE_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    genome_digest: str
    fasta_sha256: str
    n_contigs: int
    total_bp: int
    n_aliases: int
    looks_like_mouse: bool
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., genome_digest: _Optional[str] = ..., fasta_sha256: _Optional[str] = ..., n_contigs: _Optional[int] = ..., total_bp: _Optional[int] = ..., n_aliases: _Optional[int] = ..., looks_like_mouse: _Optional[bool] = ...) -> None: ...

class CompareGenomesRequest(_message.Message):
    __slots__ = ("genome_a", "genome_b")
    GENOME_A_FIELD_NUMBER: _ClassVar[int]
    GENOME_B_FIELD_NUMBER: _ClassVar[int]
    genome_a: str
    genome_b: str
    def __init__(self, genome_a: _Optional[str] = ..., genome_b: _Optional[str] = ...) -> None: ...

class ArrayComparison(_message.Message):
    __slots__ = ("attribute", "n_a", "n_b", "n_both", "same_order")
    ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    N_A_FIELD_NUMBER: _ClassVar[int]
    N_B_FIELD_NUMBER: _ClassVar[int]
    N_BOTH_FIELD_NUMBER: _ClassVar[int]
    SAME_ORDER_FIELD_NUMBER: _ClassVar[int]
    attribute: str
    n_a: int
    n_b: int
    n_both: int
    same_order: bool
    def __init__(self, attribute: _Optional[str] = ..., n_a: _Optional[int] = ..., n_b: _Optional[int] = ..., n_both: _Optional[int] = ..., same_order: _Optional[bool] = ...) -> None: ...

class CompareGenomesResponse(_message.Message):
    __slots__ = ("digest_a", "digest_b", "is_same", "arrays", "conclusion")
    DIGEST_A_FIELD_NUMBER: _ClassVar[int]
    DIGEST_B_FIELD_NUMBER: _ClassVar[int]
    IS_SAME_FIELD_NUMBER: _ClassVar[int]
    ARRAYS_FIELD_NUMBER: _ClassVar[int]
    CONCLUSION_FIELD_NUMBER: _ClassVar[int]
    digest_a: str
    digest_b: str
    is_same: bool
    arrays: _containers.RepeatedCompositeFieldContainer[ArrayComparison]
    conclusion: str
    def __init__(self, digest_a: _Optional[str] = ..., digest_b: _Optional[str] = ..., is_same: _Optional[bool] = ..., arrays: _Optional[_Iterable[_Union[ArrayComparison, _Mapping]]] = ..., conclusion: _Optional[str] = ...) -> None: ...

class LabelPeaksRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "counts", "differential", "wt", "ko", "definition", "wt_columns", "ko_columns", "log2fc_column", "padj_column", "contrast", "normalization", "ko_min_log2fc", "wt_max_abs_log2fc", "wt_max_log2fc", "wt_min_count", "max_padj", "pseudocount", "coordinate_base")
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
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    DIFFERENTIAL_FIELD_NUMBER: _ClassVar[int]
    WT_FIELD_NUMBER: _ClassVar[int]
    KO_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    WT_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    KO_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    LOG2FC_COLUMN_FIELD_NUMBER: _ClassVar[int]
    PADJ_COLUMN_FIELD_NUMBER: _ClassVar[int]
    CONTRAST_FIELD_NUMBER: _ClassVar[int]
    NORMALIZATION_FIELD_NUMBER: _ClassVar[int]
    KO_MIN_LOG2FC_FIELD_NUMBER: _ClassVar[int]
    WT_MAX_ABS_LOG2FC_FIELD_NUMBER: _ClassVar[int]
    WT_MAX_LOG2FC_FIELD_NUMBER: _ClassVar[int]
    WT_MIN_COUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_PADJ_FIELD_NUMBER: _ClassVar[int]
    PSEUDOCOUNT_FIELD_NUMBER: _ClassVar[int]
    COORDINATE_BASE_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    counts: _artifacts_pb2.InputFile
    differential: _artifacts_pb2.InputFile
    wt: _artifacts_pb2.InputFile
    ko: _artifacts_pb2.InputFile
    definition: LabelDefinition
    wt_columns: _containers.RepeatedScalarFieldContainer[str]
    ko_columns: _containers.RepeatedScalarFieldContainer[str]
    log2fc_column: str
    padj_column: str
    contrast: Contrast
    normalization: Normalization
    ko_min_log2fc: float
    wt_max_abs_log2fc: float
    wt_max_log2fc: float
    wt_min_count: float
    max_padj: float
    pseudocount: float
    coordinate_base: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., counts: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., differential: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., wt: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., ko: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., definition: _Optional[_Union[LabelDefinition, str]] = ..., wt_columns: _Optional[_Iterable[str]] = ..., ko_columns: _Optional[_Iterable[str]] = ..., log2fc_column: _Optional[str] = ..., padj_column: _Optional[str] = ..., contrast: _Optional[_Union[Contrast, str]] = ..., normalization: _Optional[_Union[Normalization, str]] = ..., ko_min_log2fc: _Optional[float] = ..., wt_max_abs_log2fc: _Optional[float] = ..., wt_max_log2fc: _Optional[float] = ..., wt_min_count: _Optional[float] = ..., max_padj: _Optional[float] = ..., pseudocount: _Optional[float] = ..., coordinate_base: _Optional[int] = ...) -> None: ...

class Peaks(_message.Message):
    __slots__ = ("name", "artifact", "n_rows", "n_wt", "n_ko", "n_unlabelled", "definition", "rule")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    N_WT_FIELD_NUMBER: _ClassVar[int]
    N_KO_FIELD_NUMBER: _ClassVar[int]
    N_UNLABELLED_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_rows: int
    n_wt: int
    n_ko: int
    n_unlabelled: int
    definition: str
    rule: str
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_rows: _Optional[int] = ..., n_wt: _Optional[int] = ..., n_ko: _Optional[int] = ..., n_unlabelled: _Optional[int] = ..., definition: _Optional[str] = ..., rule: _Optional[str] = ...) -> None: ...

class BuildDatasetRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "genome", "wt", "ko", "wt_fasta", "ko_fasta", "peaks", "window_bp", "test_chroms", "validation_chroms", "split_by", "alias", "alias_table", "max_unknown_fraction", "blacklist", "balance", "max_per_class", "seed", "max_n_fraction", "pad", "conflict_distance_bp", "min_distance_bp", "coordinate_base", "protocol", "test_fraction", "validation_fraction")
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
    GENOME_FIELD_NUMBER: _ClassVar[int]
    WT_FIELD_NUMBER: _ClassVar[int]
    KO_FIELD_NUMBER: _ClassVar[int]
    WT_FASTA_FIELD_NUMBER: _ClassVar[int]
    KO_FASTA_FIELD_NUMBER: _ClassVar[int]
    PEAKS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    TEST_CHROMS_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_CHROMS_FIELD_NUMBER: _ClassVar[int]
    SPLIT_BY_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    ALIAS_TABLE_FIELD_NUMBER: _ClassVar[int]
    MAX_UNKNOWN_FRACTION_FIELD_NUMBER: _ClassVar[int]
    BLACKLIST_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    MAX_PER_CLASS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    MAX_N_FRACTION_FIELD_NUMBER: _ClassVar[int]
    PAD_FIELD_NUMBER: _ClassVar[int]
    CONFLICT_DISTANCE_BP_FIELD_NUMBER: _ClassVar[int]
    MIN_DISTANCE_BP_FIELD_NUMBER: _ClassVar[int]
    COORDINATE_BASE_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    TEST_FRACTION_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FRACTION_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    genome: _artifacts_pb2.InputFile
    wt: _artifacts_pb2.InputFile
    ko: _artifacts_pb2.InputFile
    wt_fasta: _artifacts_pb2.InputFile
    ko_fasta: _artifacts_pb2.InputFile
    peaks: str
    window_bp: int
    test_chroms: _containers.RepeatedScalarFieldContainer[str]
    validation_chroms: _containers.RepeatedScalarFieldContainer[str]
    split_by: SplitBy
    alias: AliasMode
    alias_table: _artifacts_pb2.InputFile
    max_unknown_fraction: float
    blacklist: _artifacts_pb2.InputFile
    balance: bool
    max_per_class: int
    seed: int
    max_n_fraction: float
    pad: Pad
    conflict_distance_bp: int
    min_distance_bp: int
    coordinate_base: int
    protocol: Protocol
    test_fraction: float
    validation_fraction: float
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., genome: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., wt: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., ko: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., wt_fasta: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., ko_fasta: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., peaks: _Optional[str] = ..., window_bp: _Optional[int] = ..., test_chroms: _Optional[_Iterable[str]] = ..., validation_chroms: _Optional[_Iterable[str]] = ..., split_by: _Optional[_Union[SplitBy, str]] = ..., alias: _Optional[_Union[AliasMode, str]] = ..., alias_table: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., max_unknown_fraction: _Optional[float] = ..., blacklist: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., balance: _Optional[bool] = ..., max_per_class: _Optional[int] = ..., seed: _Optional[int] = ..., max_n_fraction: _Optional[float] = ..., pad: _Optional[_Union[Pad, str]] = ..., conflict_distance_bp: _Optional[int] = ..., min_distance_bp: _Optional[int] = ..., coordinate_base: _Optional[int] = ..., protocol: _Optional[_Union[Protocol, str]] = ..., test_fraction: _Optional[float] = ..., validation_fraction: _Optional[float] = ...) -> None: ...

class ClassSummary(_message.Message):
    __slots__ = ("name", "n_rows")
    NAME_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    name: str
    n_rows: int
    def __init__(self, name: _Optional[str] = ..., n_rows: _Optional[int] = ...) -> None: ...

class SplitSummary(_message.Message):
    __slots__ = ("name", "n_rows", "n_wt", "n_ko", "chroms", "classes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    N_WT_FIELD_NUMBER: _ClassVar[int]
    N_KO_FIELD_NUMBER: _ClassVar[int]
    CHROMS_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    name: str
    n_rows: int
    n_wt: int
    n_ko: int
    chroms: _containers.RepeatedScalarFieldContainer[str]
    classes: _containers.RepeatedCompositeFieldContainer[ClassSummary]
    def __init__(self, name: _Optional[str] = ..., n_rows: _Optional[int] = ..., n_wt: _Optional[int] = ..., n_ko: _Optional[int] = ..., chroms: _Optional[_Iterable[str]] = ..., classes: _Optional[_Iterable[_Union[ClassSummary, _Mapping]]] = ...) -> None: ...

class TaskSummary(_message.Message):
    __slots__ = ("name", "group", "n_positive", "n_negative", "n_unresolved", "mean", "sd", "min", "max")
    NAME_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    N_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    N_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    N_UNRESOLVED_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    SD_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    name: str
    group: str
    n_positive: int
    n_negative: int
    n_unresolved: int
    mean: float
    sd: float
    min: float
    max: float
    def __init__(self, name: _Optional[str] = ..., group: _Optional[str] = ..., n_positive: _Optional[int] = ..., n_negative: _Optional[int] = ..., n_unresolved: _Optional[int] = ..., mean: _Optional[float] = ..., sd: _Optional[float] = ..., min: _Optional[float] = ..., max: _Optional[float] = ...) -> None: ...

class LeakageBetween(_message.Message):
    __slots__ = ("split_a", "split_b", "n_pairs", "n_rows_a", "n_rows_b")
    SPLIT_A_FIELD_NUMBER: _ClassVar[int]
    SPLIT_B_FIELD_NUMBER: _ClassVar[int]
    N_PAIRS_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_A_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_B_FIELD_NUMBER: _ClassVar[int]
    split_a: str
    split_b: str
    n_pairs: int
    n_rows_a: int
    n_rows_b: int
    def __init__(self, split_a: _Optional[str] = ..., split_b: _Optional[str] = ..., n_pairs: _Optional[int] = ..., n_rows_a: _Optional[int] = ..., n_rows_b: _Optional[int] = ...) -> None: ...

class Leakage(_message.Message):
    __slots__ = ("k", "min_overlap", "measure", "n_pairs", "n_same", "n_reverse_complement", "n_similar", "between", "truncated")
    K_FIELD_NUMBER: _ClassVar[int]
    MIN_OVERLAP_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    N_PAIRS_FIELD_NUMBER: _ClassVar[int]
    N_SAME_FIELD_NUMBER: _ClassVar[int]
    N_REVERSE_COMPLEMENT_FIELD_NUMBER: _ClassVar[int]
    N_SIMILAR_FIELD_NUMBER: _ClassVar[int]
    BETWEEN_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    k: int
    min_overlap: float
    measure: str
    n_pairs: int
    n_same: int
    n_reverse_complement: int
    n_similar: int
    between: _containers.RepeatedCompositeFieldContainer[LeakageBetween]
    truncated: bool
    def __init__(self, k: _Optional[int] = ..., min_overlap: _Optional[float] = ..., measure: _Optional[str] = ..., n_pairs: _Optional[int] = ..., n_same: _Optional[int] = ..., n_reverse_complement: _Optional[int] = ..., n_similar: _Optional[int] = ..., between: _Optional[_Iterable[_Union[LeakageBetween, _Mapping]]] = ..., truncated: _Optional[bool] = ...) -> None: ...

class GcSet(_message.Message):
    __slots__ = ("set", "n_rows", "mean", "sd")
    SET_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    SD_FIELD_NUMBER: _ClassVar[int]
    set: str
    n_rows: int
    mean: float
    sd: float
    def __init__(self, set: _Optional[str] = ..., n_rows: _Optional[int] = ..., mean: _Optional[float] = ..., sd: _Optional[float] = ...) -> None: ...

class GcDistance(_message.Message):
    __slots__ = ("set_a", "set_b", "ks")
    SET_A_FIELD_NUMBER: _ClassVar[int]
    SET_B_FIELD_NUMBER: _ClassVar[int]
    KS_FIELD_NUMBER: _ClassVar[int]
    set_a: str
    set_b: str
    ks: float
    def __init__(self, set_a: _Optional[str] = ..., set_b: _Optional[str] = ..., ks: _Optional[float] = ...) -> None: ...

class NegativeSplit(_message.Message):
    __slots__ = ("name", "n_positive", "n_wanted", "n_found")
    NAME_FIELD_NUMBER: _ClassVar[int]
    N_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    N_WANTED_FIELD_NUMBER: _ClassVar[int]
    N_FOUND_FIELD_NUMBER: _ClassVar[int]
    name: str
    n_positive: int
    n_wanted: int
    n_found: int
    def __init__(self, name: _Optional[str] = ..., n_positive: _Optional[int] = ..., n_wanted: _Optional[int] = ..., n_found: _Optional[int] = ...) -> None: ...

class Negatives(_message.Message):
    __slots__ = ("method", "ratio", "splits", "gc_matched")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    RATIO_FIELD_NUMBER: _ClassVar[int]
    SPLITS_FIELD_NUMBER: _ClassVar[int]
    GC_MATCHED_FIELD_NUMBER: _ClassVar[int]
    method: str
    ratio: float
    splits: _containers.RepeatedCompositeFieldContainer[NegativeSplit]
    gc_matched: bool
    def __init__(self, method: _Optional[str] = ..., ratio: _Optional[float] = ..., splits: _Optional[_Iterable[_Union[NegativeSplit, _Mapping]]] = ..., gc_matched: _Optional[bool] = ...) -> None: ...

class DropCount(_message.Message):
    __slots__ = ("reason", "n_rows")
    REASON_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    n_rows: int
    def __init__(self, reason: _Optional[str] = ..., n_rows: _Optional[int] = ...) -> None: ...

class Alias(_message.Message):
    __slots__ = ("from_name", "to_name")
    FROM_NAME_FIELD_NUMBER: _ClassVar[int]
    TO_NAME_FIELD_NUMBER: _ClassVar[int]
    from_name: str
    to_name: str
    def __init__(self, from_name: _Optional[str] = ..., to_name: _Optional[str] = ...) -> None: ...

class Dataset(_message.Message):
    __slots__ = ("name", "artifact", "n_rows", "window_bp", "classes", "splits", "dropped", "n_input_rows", "genome_digest", "alias_used", "split_by", "split_notes", "warnings", "protocol", "target_type", "tasks", "source", "notes", "columns", "gc_sets", "gc_distances", "leakage", "negatives", "planted")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    SPLITS_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    N_INPUT_ROWS_FIELD_NUMBER: _ClassVar[int]
    GENOME_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ALIAS_USED_FIELD_NUMBER: _ClassVar[int]
    SPLIT_BY_FIELD_NUMBER: _ClassVar[int]
    SPLIT_NOTES_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    GC_SETS_FIELD_NUMBER: _ClassVar[int]
    GC_DISTANCES_FIELD_NUMBER: _ClassVar[int]
    LEAKAGE_FIELD_NUMBER: _ClassVar[int]
    NEGATIVES_FIELD_NUMBER: _ClassVar[int]
    PLANTED_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_rows: int
    window_bp: int
    classes: _containers.RepeatedCompositeFieldContainer[ClassSummary]
    splits: _containers.RepeatedCompositeFieldContainer[SplitSummary]
    dropped: _containers.RepeatedCompositeFieldContainer[DropCount]
    n_input_rows: int
    genome_digest: str
    alias_used: _containers.RepeatedCompositeFieldContainer[Alias]
    split_by: str
    split_notes: _containers.RepeatedScalarFieldContainer[str]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    protocol: str
    target_type: str
    tasks: _containers.RepeatedCompositeFieldContainer[TaskSummary]
    source: str
    notes: _containers.RepeatedScalarFieldContainer[str]
    columns: _containers.RepeatedScalarFieldContainer[str]
    gc_sets: _containers.RepeatedCompositeFieldContainer[GcSet]
    gc_distances: _containers.RepeatedCompositeFieldContainer[GcDistance]
    leakage: Leakage
    negatives: Negatives
    planted: _containers.RepeatedCompositeFieldContainer[PlantedMotif]
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_rows: _Optional[int] = ..., window_bp: _Optional[int] = ..., classes: _Optional[_Iterable[_Union[ClassSummary, _Mapping]]] = ..., splits: _Optional[_Iterable[_Union[SplitSummary, _Mapping]]] = ..., dropped: _Optional[_Iterable[_Union[DropCount, _Mapping]]] = ..., n_input_rows: _Optional[int] = ..., genome_digest: _Optional[str] = ..., alias_used: _Optional[_Iterable[_Union[Alias, _Mapping]]] = ..., split_by: _Optional[str] = ..., split_notes: _Optional[_Iterable[str]] = ..., warnings: _Optional[_Iterable[str]] = ..., protocol: _Optional[str] = ..., target_type: _Optional[str] = ..., tasks: _Optional[_Iterable[_Union[TaskSummary, _Mapping]]] = ..., source: _Optional[str] = ..., notes: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[str]] = ..., gc_sets: _Optional[_Iterable[_Union[GcSet, _Mapping]]] = ..., gc_distances: _Optional[_Iterable[_Union[GcDistance, _Mapping]]] = ..., leakage: _Optional[_Union[Leakage, _Mapping]] = ..., negatives: _Optional[_Union[Negatives, _Mapping]] = ..., planted: _Optional[_Iterable[_Union[PlantedMotif, _Mapping]]] = ...) -> None: ...

class NamedFile(_message.Message):
    __slots__ = ("name", "file", "split")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    name: str
    file: _artifacts_pb2.InputFile
    split: str
    def __init__(self, name: _Optional[str] = ..., file: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., split: _Optional[str] = ...) -> None: ...

class ImportDatasetRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "fasta", "fastq", "regions", "pbm", "matrix", "anndata", "one_hot", "targets", "task_names", "row_names", "genome", "window_bp", "target_type", "tasks", "metadata", "task_groups", "group_column", "cluster_column", "regions_axis", "layer", "binarize", "channel_order", "drop_unresolved_tasks", "drop_one_class_tasks", "resolved_only", "clip_left_bp", "clip_right_bp", "max_n_fraction", "collapse_duplicates", "drop_conflicts", "pad", "alias", "alias_table", "max_unknown_fraction", "blacklist", "coordinate_base", "sequence_column", "intensity_column", "flag_column", "normalization", "split_by", "test_chroms", "validation_chroms", "test_fraction", "validation_fraction", "split_column", "max_rows", "seed")
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
    FASTA_FIELD_NUMBER: _ClassVar[int]
    FASTQ_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    PBM_FIELD_NUMBER: _ClassVar[int]
    MATRIX_FIELD_NUMBER: _ClassVar[int]
    ANNDATA_FIELD_NUMBER: _ClassVar[int]
    ONE_HOT_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    TASK_NAMES_FIELD_NUMBER: _ClassVar[int]
    ROW_NAMES_FIELD_NUMBER: _ClassVar[int]
    GENOME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    TASK_GROUPS_FIELD_NUMBER: _ClassVar[int]
    GROUP_COLUMN_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_COLUMN_FIELD_NUMBER: _ClassVar[int]
    REGIONS_AXIS_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    BINARIZE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ORDER_FIELD_NUMBER: _ClassVar[int]
    DROP_UNRESOLVED_TASKS_FIELD_NUMBER: _ClassVar[int]
    DROP_ONE_CLASS_TASKS_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_ONLY_FIELD_NUMBER: _ClassVar[int]
    CLIP_LEFT_BP_FIELD_NUMBER: _ClassVar[int]
    CLIP_RIGHT_BP_FIELD_NUMBER: _ClassVar[int]
    MAX_N_FRACTION_FIELD_NUMBER: _ClassVar[int]
    COLLAPSE_DUPLICATES_FIELD_NUMBER: _ClassVar[int]
    DROP_CONFLICTS_FIELD_NUMBER: _ClassVar[int]
    PAD_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    ALIAS_TABLE_FIELD_NUMBER: _ClassVar[int]
    MAX_UNKNOWN_FRACTION_FIELD_NUMBER: _ClassVar[int]
    BLACKLIST_FIELD_NUMBER: _ClassVar[int]
    COORDINATE_BASE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_COLUMN_FIELD_NUMBER: _ClassVar[int]
    INTENSITY_COLUMN_FIELD_NUMBER: _ClassVar[int]
    FLAG_COLUMN_FIELD_NUMBER: _ClassVar[int]
    NORMALIZATION_FIELD_NUMBER: _ClassVar[int]
    SPLIT_BY_FIELD_NUMBER: _ClassVar[int]
    TEST_CHROMS_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_CHROMS_FIELD_NUMBER: _ClassVar[int]
    TEST_FRACTION_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FRACTION_FIELD_NUMBER: _ClassVar[int]
    SPLIT_COLUMN_FIELD_NUMBER: _ClassVar[int]
    MAX_ROWS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    fasta: _containers.RepeatedCompositeFieldContainer[NamedFile]
    fastq: _containers.RepeatedCompositeFieldContainer[NamedFile]
    regions: _containers.RepeatedCompositeFieldContainer[NamedFile]
    pbm: _containers.RepeatedCompositeFieldContainer[NamedFile]
    matrix: _artifacts_pb2.InputFile
    anndata: _artifacts_pb2.InputFile
    one_hot: _artifacts_pb2.InputFile
    targets: _artifacts_pb2.InputFile
    task_names: _artifacts_pb2.InputFile
    row_names: _artifacts_pb2.InputFile
    genome: _artifacts_pb2.InputFile
    window_bp: int
    target_type: TargetType
    tasks: _containers.RepeatedScalarFieldContainer[str]
    metadata: _artifacts_pb2.InputFile
    task_groups: _artifacts_pb2.InputFile
    group_column: str
    cluster_column: str
    regions_axis: RegionsAxis
    layer: str
    binarize: bool
    channel_order: str
    drop_unresolved_tasks: bool
    drop_one_class_tasks: bool
    resolved_only: bool
    clip_left_bp: int
    clip_right_bp: int
    max_n_fraction: float
    collapse_duplicates: bool
    drop_conflicts: bool
    pad: Pad
    alias: AliasMode
    alias_table: _artifacts_pb2.InputFile
    max_unknown_fraction: float
    blacklist: _artifacts_pb2.InputFile
    coordinate_base: int
    sequence_column: str
    intensity_column: str
    flag_column: str
    normalization: ProbeNormalization
    split_by: SplitBy
    test_chroms: _containers.RepeatedScalarFieldContainer[str]
    validation_chroms: _containers.RepeatedScalarFieldContainer[str]
    test_fraction: float
    validation_fraction: float
    split_column: str
    max_rows: int
    seed: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., fasta: _Optional[_Iterable[_Union[NamedFile, _Mapping]]] = ..., fastq: _Optional[_Iterable[_Union[NamedFile, _Mapping]]] = ..., regions: _Optional[_Iterable[_Union[NamedFile, _Mapping]]] = ..., pbm: _Optional[_Iterable[_Union[NamedFile, _Mapping]]] = ..., matrix: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., anndata: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., one_hot: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., targets: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., task_names: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., row_names: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., genome: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., window_bp: _Optional[int] = ..., target_type: _Optional[_Union[TargetType, str]] = ..., tasks: _Optional[_Iterable[str]] = ..., metadata: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., task_groups: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., group_column: _Optional[str] = ..., cluster_column: _Optional[str] = ..., regions_axis: _Optional[_Union[RegionsAxis, str]] = ..., layer: _Optional[str] = ..., binarize: _Optional[bool] = ..., channel_order: _Optional[str] = ..., drop_unresolved_tasks: _Optional[bool] = ..., drop_one_class_tasks: _Optional[bool] = ..., resolved_only: _Optional[bool] = ..., clip_left_bp: _Optional[int] = ..., clip_right_bp: _Optional[int] = ..., max_n_fraction: _Optional[float] = ..., collapse_duplicates: _Optional[bool] = ..., drop_conflicts: _Optional[bool] = ..., pad: _Optional[_Union[Pad, str]] = ..., alias: _Optional[_Union[AliasMode, str]] = ..., alias_table: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., max_unknown_fraction: _Optional[float] = ..., blacklist: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., coordinate_base: _Optional[int] = ..., sequence_column: _Optional[str] = ..., intensity_column: _Optional[str] = ..., flag_column: _Optional[str] = ..., normalization: _Optional[_Union[ProbeNormalization, str]] = ..., split_by: _Optional[_Union[SplitBy, str]] = ..., test_chroms: _Optional[_Iterable[str]] = ..., validation_chroms: _Optional[_Iterable[str]] = ..., test_fraction: _Optional[float] = ..., validation_fraction: _Optional[float] = ..., split_column: _Optional[str] = ..., max_rows: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class SampleNegativesRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "dataset", "method", "pool", "genome", "positive_class", "negative_name", "ratio", "match_gc", "max_n_fraction", "blacklist", "alias", "alias_table", "max_unknown_fraction", "coordinate_base", "seed")
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
    DATASET_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    GENOME_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_CLASS_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_NAME_FIELD_NUMBER: _ClassVar[int]
    RATIO_FIELD_NUMBER: _ClassVar[int]
    MATCH_GC_FIELD_NUMBER: _ClassVar[int]
    MAX_N_FRACTION_FIELD_NUMBER: _ClassVar[int]
    BLACKLIST_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    ALIAS_TABLE_FIELD_NUMBER: _ClassVar[int]
    MAX_UNKNOWN_FRACTION_FIELD_NUMBER: _ClassVar[int]
    COORDINATE_BASE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    dataset: str
    method: NegativeMethod
    pool: _artifacts_pb2.InputFile
    genome: _artifacts_pb2.InputFile
    positive_class: str
    negative_name: str
    ratio: float
    match_gc: bool
    max_n_fraction: float
    blacklist: _artifacts_pb2.InputFile
    alias: AliasMode
    alias_table: _artifacts_pb2.InputFile
    max_unknown_fraction: float
    coordinate_base: int
    seed: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., dataset: _Optional[str] = ..., method: _Optional[_Union[NegativeMethod, str]] = ..., pool: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., genome: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., positive_class: _Optional[str] = ..., negative_name: _Optional[str] = ..., ratio: _Optional[float] = ..., match_gc: _Optional[bool] = ..., max_n_fraction: _Optional[float] = ..., blacklist: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., alias: _Optional[_Union[AliasMode, str]] = ..., alias_table: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., max_unknown_fraction: _Optional[float] = ..., coordinate_base: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class SimulateDatasetRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "design", "n_sequences", "window_bp", "n_motifs", "gc_content", "motif_share", "unresolved_share", "max_distance_bp", "effect_a", "effect_b", "effect_both", "noise_sd", "test_fraction", "validation_fraction", "seed")
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
    DESIGN_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    N_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    GC_CONTENT_FIELD_NUMBER: _ClassVar[int]
    MOTIF_SHARE_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_SHARE_FIELD_NUMBER: _ClassVar[int]
    MAX_DISTANCE_BP_FIELD_NUMBER: _ClassVar[int]
    EFFECT_A_FIELD_NUMBER: _ClassVar[int]
    EFFECT_B_FIELD_NUMBER: _ClassVar[int]
    EFFECT_BOTH_FIELD_NUMBER: _ClassVar[int]
    NOISE_SD_FIELD_NUMBER: _ClassVar[int]
    TEST_FRACTION_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FRACTION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    design: SimulationDesign
    n_sequences: int
    window_bp: int
    n_motifs: int
    gc_content: float
    motif_share: float
    unresolved_share: float
    max_distance_bp: int
    effect_a: float
    effect_b: float
    effect_both: float
    noise_sd: float
    test_fraction: float
    validation_fraction: float
    seed: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., design: _Optional[_Union[SimulationDesign, str]] = ..., n_sequences: _Optional[int] = ..., window_bp: _Optional[int] = ..., n_motifs: _Optional[int] = ..., gc_content: _Optional[float] = ..., motif_share: _Optional[float] = ..., unresolved_share: _Optional[float] = ..., max_distance_bp: _Optional[int] = ..., effect_a: _Optional[float] = ..., effect_b: _Optional[float] = ..., effect_both: _Optional[float] = ..., noise_sd: _Optional[float] = ..., test_fraction: _Optional[float] = ..., validation_fraction: _Optional[float] = ..., seed: _Optional[int] = ...) -> None: ...

class SimulateRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "seed", "n_wt", "n_ko", "window_bp", "n_chroms", "gc_content", "motif_share", "common_share", "max_offset_bp")
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
    SEED_FIELD_NUMBER: _ClassVar[int]
    N_WT_FIELD_NUMBER: _ClassVar[int]
    N_KO_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    N_CHROMS_FIELD_NUMBER: _ClassVar[int]
    GC_CONTENT_FIELD_NUMBER: _ClassVar[int]
    MOTIF_SHARE_FIELD_NUMBER: _ClassVar[int]
    COMMON_SHARE_FIELD_NUMBER: _ClassVar[int]
    MAX_OFFSET_BP_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    seed: int
    n_wt: int
    n_ko: int
    window_bp: int
    n_chroms: int
    gc_content: float
    motif_share: float
    common_share: float
    max_offset_bp: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., seed: _Optional[int] = ..., n_wt: _Optional[int] = ..., n_ko: _Optional[int] = ..., window_bp: _Optional[int] = ..., n_chroms: _Optional[int] = ..., gc_content: _Optional[float] = ..., motif_share: _Optional[float] = ..., common_share: _Optional[float] = ..., max_offset_bp: _Optional[int] = ...) -> None: ...

class PlantedMotif(_message.Message):
    __slots__ = ("motif_id", "motif_name", "set", "n_sites")
    MOTIF_ID_FIELD_NUMBER: _ClassVar[int]
    MOTIF_NAME_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    N_SITES_FIELD_NUMBER: _ClassVar[int]
    motif_id: str
    motif_name: str
    set: str
    n_sites: int
    def __init__(self, motif_id: _Optional[str] = ..., motif_name: _Optional[str] = ..., set: _Optional[str] = ..., n_sites: _Optional[int] = ...) -> None: ...

class Simulation(_message.Message):
    __slots__ = ("name", "artifact", "genome_digest", "n_wt", "n_ko", "window_bp", "n_chroms", "total_bp", "planted", "mean_gc_wt", "mean_gc_ko")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    GENOME_DIGEST_FIELD_NUMBER: _ClassVar[int]
    N_WT_FIELD_NUMBER: _ClassVar[int]
    N_KO_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    N_CHROMS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BP_FIELD_NUMBER: _ClassVar[int]
    PLANTED_FIELD_NUMBER: _ClassVar[int]
    MEAN_GC_WT_FIELD_NUMBER: _ClassVar[int]
    MEAN_GC_KO_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    genome_digest: str
    n_wt: int
    n_ko: int
    window_bp: int
    n_chroms: int
    total_bp: int
    planted: _containers.RepeatedCompositeFieldContainer[PlantedMotif]
    mean_gc_wt: float
    mean_gc_ko: float
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., genome_digest: _Optional[str] = ..., n_wt: _Optional[int] = ..., n_ko: _Optional[int] = ..., window_bp: _Optional[int] = ..., n_chroms: _Optional[int] = ..., total_bp: _Optional[int] = ..., planted: _Optional[_Iterable[_Union[PlantedMotif, _Mapping]]] = ..., mean_gc_wt: _Optional[float] = ..., mean_gc_ko: _Optional[float] = ...) -> None: ...

class EncodeSequencesRequest(_message.Message):
    __slots__ = ("sequences", "length", "pad", "encoding", "reverse_complement")
    SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    PAD_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    REVERSE_COMPLEMENT_FIELD_NUMBER: _ClassVar[int]
    sequences: _containers.RepeatedScalarFieldContainer[str]
    length: int
    pad: Pad
    encoding: Encoding
    reverse_complement: bool
    def __init__(self, sequences: _Optional[_Iterable[str]] = ..., length: _Optional[int] = ..., pad: _Optional[_Union[Pad, str]] = ..., encoding: _Optional[_Union[Encoding, str]] = ..., reverse_complement: _Optional[bool] = ...) -> None: ...

class EncodeSequencesResponse(_message.Message):
    __slots__ = ("data", "shape", "dtype")
    DATA_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    shape: _containers.RepeatedScalarFieldContainer[int]
    dtype: str
    def __init__(self, data: _Optional[bytes] = ..., shape: _Optional[_Iterable[int]] = ..., dtype: _Optional[str] = ...) -> None: ...

class GetGenomeRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListGenomesRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListGenomesResponse(_message.Message):
    __slots__ = ("genomes", "next_page_token")
    GENOMES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    genomes: _containers.RepeatedCompositeFieldContainer[Genome]
    next_page_token: str
    def __init__(self, genomes: _Optional[_Iterable[_Union[Genome, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteGenomeRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetPeaksRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListPeakSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPeakSetsResponse(_message.Message):
    __slots__ = ("peaks", "next_page_token")
    PEAKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    peaks: _containers.RepeatedCompositeFieldContainer[Peaks]
    next_page_token: str
    def __init__(self, peaks: _Optional[_Iterable[_Union[Peaks, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeletePeaksRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetDatasetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListDatasetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDatasetsResponse(_message.Message):
    __slots__ = ("datasets", "next_page_token")
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    datasets: _containers.RepeatedCompositeFieldContainer[Dataset]
    next_page_token: str
    def __init__(self, datasets: _Optional[_Iterable[_Union[Dataset, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteDatasetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetSimulationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListSimulationsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSimulationsResponse(_message.Message):
    __slots__ = ("simulations", "next_page_token")
    SIMULATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    simulations: _containers.RepeatedCompositeFieldContainer[Simulation]
    next_page_token: str
    def __init__(self, simulations: _Optional[_Iterable[_Union[Simulation, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteSimulationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...
