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
ALIAS_MODE_UNSPECIFIED: AliasMode
ALIAS_MODE_NONE: AliasMode
ALIAS_MODE_AUTO: AliasMode
PAD_UNSPECIFIED: Pad
PAD_CENTER: Pad
PAD_END: Pad
SPLIT_BY_UNSPECIFIED: SplitBy
SPLIT_BY_CHROMOSOME: SplitBy
SPLIT_BY_RANDOM: SplitBy
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
    __slots__ = ("parent", "request_id", "validate_only", "labels", "genome", "wt", "ko", "wt_fasta", "ko_fasta", "peaks", "window_bp", "test_chroms", "validation_chroms", "split_by", "alias", "alias_table", "max_unknown_fraction", "blacklist", "balance", "max_per_class", "seed", "max_n_fraction", "pad", "conflict_distance_bp", "min_distance_bp", "coordinate_base", "protocol")
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
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., genome: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., wt: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., ko: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., wt_fasta: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., ko_fasta: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., peaks: _Optional[str] = ..., window_bp: _Optional[int] = ..., test_chroms: _Optional[_Iterable[str]] = ..., validation_chroms: _Optional[_Iterable[str]] = ..., split_by: _Optional[_Union[SplitBy, str]] = ..., alias: _Optional[_Union[AliasMode, str]] = ..., alias_table: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., max_unknown_fraction: _Optional[float] = ..., blacklist: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., balance: _Optional[bool] = ..., max_per_class: _Optional[int] = ..., seed: _Optional[int] = ..., max_n_fraction: _Optional[float] = ..., pad: _Optional[_Union[Pad, str]] = ..., conflict_distance_bp: _Optional[int] = ..., min_distance_bp: _Optional[int] = ..., coordinate_base: _Optional[int] = ..., protocol: _Optional[_Union[Protocol, str]] = ...) -> None: ...

class ClassSummary(_message.Message):
    __slots__ = ("name", "n_rows")
    NAME_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    name: str
    n_rows: int
    def __init__(self, name: _Optional[str] = ..., n_rows: _Optional[int] = ...) -> None: ...

class SplitSummary(_message.Message):
    __slots__ = ("name", "n_rows", "n_wt", "n_ko", "chroms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    N_WT_FIELD_NUMBER: _ClassVar[int]
    N_KO_FIELD_NUMBER: _ClassVar[int]
    CHROMS_FIELD_NUMBER: _ClassVar[int]
    name: str
    n_rows: int
    n_wt: int
    n_ko: int
    chroms: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., n_rows: _Optional[int] = ..., n_wt: _Optional[int] = ..., n_ko: _Optional[int] = ..., chroms: _Optional[_Iterable[str]] = ...) -> None: ...

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
    __slots__ = ("name", "artifact", "n_rows", "window_bp", "classes", "splits", "dropped", "n_input_rows", "genome_digest", "alias_used", "split_by", "split_notes", "warnings", "protocol")
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
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_rows: _Optional[int] = ..., window_bp: _Optional[int] = ..., classes: _Optional[_Iterable[_Union[ClassSummary, _Mapping]]] = ..., splits: _Optional[_Iterable[_Union[SplitSummary, _Mapping]]] = ..., dropped: _Optional[_Iterable[_Union[DropCount, _Mapping]]] = ..., n_input_rows: _Optional[int] = ..., genome_digest: _Optional[str] = ..., alias_used: _Optional[_Iterable[_Union[Alias, _Mapping]]] = ..., split_by: _Optional[str] = ..., split_notes: _Optional[_Iterable[str]] = ..., warnings: _Optional[_Iterable[str]] = ..., protocol: _Optional[str] = ...) -> None: ...

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
