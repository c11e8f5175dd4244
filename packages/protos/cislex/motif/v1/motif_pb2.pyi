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

class ClusterMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLUSTER_METHOD_UNSPECIFIED: _ClassVar[ClusterMethod]
    CLUSTER_METHOD_PAPER: _ClassVar[ClusterMethod]
    CLUSTER_METHOD_ALIGNED: _ClassVar[ClusterMethod]

class ClusterScale(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLUSTER_SCALE_UNSPECIFIED: _ClassVar[ClusterScale]
    CLUSTER_SCALE_AUTO: _ClassVar[ClusterScale]
    CLUSTER_SCALE_EXACT: _ClassVar[ClusterScale]
    CLUSTER_SCALE_LANDMARKS: _ClassVar[ClusterScale]

class DiscoveryScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISCOVERY_SCOPE_UNSPECIFIED: _ClassVar[DiscoveryScope]
    DISCOVERY_SCOPE_CLUSTERS: _ClassVar[DiscoveryScope]
    DISCOVERY_SCOPE_SETS: _ClassVar[DiscoveryScope]
    DISCOVERY_SCOPE_ATTRIBUTIONS: _ClassVar[DiscoveryScope]

class Contrast(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTRAST_UNSPECIFIED: _ClassVar[Contrast]
    CONTRAST_WT: _ClassVar[Contrast]
    CONTRAST_KO: _ClassVar[Contrast]
    CONTRAST_WT_VS_SHUFFLED: _ClassVar[Contrast]
    CONTRAST_KO_VS_SHUFFLED: _ClassVar[Contrast]
    CONTRAST_ALL_VS_SHUFFLED: _ClassVar[Contrast]

class DiscoveryEngine(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISCOVERY_ENGINE_UNSPECIFIED: _ClassVar[DiscoveryEngine]
    DISCOVERY_ENGINE_EM: _ClassVar[DiscoveryEngine]
    DISCOVERY_ENGINE_MEME: _ClassVar[DiscoveryEngine]
    DISCOVERY_ENGINE_STREME: _ClassVar[DiscoveryEngine]
    DISCOVERY_ENGINE_WORDS: _ClassVar[DiscoveryEngine]
    DISCOVERY_ENGINE_MODISCO: _ClassVar[DiscoveryEngine]

class SiteModel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SITE_MODEL_UNSPECIFIED: _ClassVar[SiteModel]
    SITE_MODEL_ZOOPS: _ClassVar[SiteModel]
    SITE_MODEL_OOPS: _ClassVar[SiteModel]

class Split(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SPLIT_UNSPECIFIED: _ClassVar[Split]
    SPLIT_TRAIN: _ClassVar[Split]
    SPLIT_VALIDATION: _ClassVar[Split]
    SPLIT_TEST: _ClassVar[Split]
    SPLIT_ALL: _ClassVar[Split]

class SeqletMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEQLET_METHOD_UNSPECIFIED: _ClassVar[SeqletMethod]
    SEQLET_METHOD_RECURSIVE: _ClassVar[SeqletMethod]
    SEQLET_METHOD_THRESHOLD: _ClassVar[SeqletMethod]

class Distance(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISTANCE_UNSPECIFIED: _ClassVar[Distance]
    DISTANCE_ED: _ClassVar[Distance]
    DISTANCE_PEARSON: _ClassVar[Distance]
    DISTANCE_ALLR: _ClassVar[Distance]
    DISTANCE_KULLBACK: _ClassVar[Distance]
    DISTANCE_SANDELIN: _ClassVar[Distance]
    DISTANCE_BLIC1: _ClassVar[Distance]
    DISTANCE_LLR1: _ClassVar[Distance]
    DISTANCE_BLIC5: _ClassVar[Distance]
    DISTANCE_LLR5: _ClassVar[Distance]

class CompareEngine(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPARE_ENGINE_UNSPECIFIED: _ClassVar[CompareEngine]
    COMPARE_ENGINE_NATIVE: _ClassVar[CompareEngine]
    COMPARE_ENGINE_MEMELITE: _ClassVar[CompareEngine]
    COMPARE_ENGINE_TOMTOM: _ClassVar[CompareEngine]

class ThresholdOn(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    THRESHOLD_ON_UNSPECIFIED: _ClassVar[ThresholdOn]
    THRESHOLD_ON_QVALUE: _ClassVar[ThresholdOn]
    THRESHOLD_ON_EVALUE: _ClassVar[ThresholdOn]
    THRESHOLD_ON_PVALUE: _ClassVar[ThresholdOn]

class Background(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BACKGROUND_UNSPECIFIED: _ClassVar[Background]
    BACKGROUND_BOTH: _ClassVar[Background]
    BACKGROUND_KO: _ClassVar[Background]
    BACKGROUND_WT: _ClassVar[Background]
    BACKGROUND_SHUFFLED: _ClassVar[Background]
    BACKGROUND_GIVEN: _ClassVar[Background]

class EnrichmentMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENRICHMENT_MODE_UNSPECIFIED: _ClassVar[EnrichmentMode]
    ENRICHMENT_MODE_FIXED: _ClassVar[EnrichmentMode]
    ENRICHMENT_MODE_BEST: _ClassVar[EnrichmentMode]

class EnrichmentTest(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENRICHMENT_TEST_UNSPECIFIED: _ClassVar[EnrichmentTest]
    ENRICHMENT_TEST_FISHER: _ClassVar[EnrichmentTest]
    ENRICHMENT_TEST_BINOMIAL: _ClassVar[EnrichmentTest]
    ENRICHMENT_TEST_HYPERGEOMETRIC: _ClassVar[EnrichmentTest]

class SelectSplit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SELECT_SPLIT_UNSPECIFIED: _ClassVar[SelectSplit]
    SELECT_SPLIT_NONE: _ClassVar[SelectSplit]
    SELECT_SPLIT_TRAIN: _ClassVar[SelectSplit]
    SELECT_SPLIT_VALIDATION: _ClassVar[SelectSplit]
    SELECT_SPLIT_TEST: _ClassVar[SelectSplit]
    SELECT_SPLIT_ALL: _ClassVar[SelectSplit]

class ScoreBackground(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCORE_BACKGROUND_UNSPECIFIED: _ClassVar[ScoreBackground]
    SCORE_BACKGROUND_UNIFORM: _ClassVar[ScoreBackground]
    SCORE_BACKGROUND_SEQUENCES: _ClassVar[ScoreBackground]

class ScanBackground(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCAN_BACKGROUND_UNSPECIFIED: _ClassVar[ScanBackground]
    SCAN_BACKGROUND_NONREDUNDANT: _ClassVar[ScanBackground]
    SCAN_BACKGROUND_UNIFORM: _ClassVar[ScanBackground]
    SCAN_BACKGROUND_SEQUENCES: _ClassVar[ScanBackground]
    SCAN_BACKGROUND_GIVEN: _ClassVar[ScanBackground]

class ScanThresholdOn(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCAN_THRESHOLD_ON_UNSPECIFIED: _ClassVar[ScanThresholdOn]
    SCAN_THRESHOLD_ON_PVALUE: _ClassVar[ScanThresholdOn]
    SCAN_THRESHOLD_ON_QVALUE: _ClassVar[ScanThresholdOn]

class QvalueMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QVALUE_METHOD_UNSPECIFIED: _ClassVar[QvalueMethod]
    QVALUE_METHOD_BH: _ClassVar[QvalueMethod]
    QVALUE_METHOD_STOREY: _ClassVar[QvalueMethod]
    QVALUE_METHOD_NONE: _ClassVar[QvalueMethod]

class GroupSimilarity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROUP_SIMILARITY_UNSPECIFIED: _ClassVar[GroupSimilarity]
    GROUP_SIMILARITY_CORRELATION: _ClassVar[GroupSimilarity]
    GROUP_SIMILARITY_TOMTOM: _ClassVar[GroupSimilarity]

class GroupWeighting(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROUP_WEIGHTING_UNSPECIFIED: _ClassVar[GroupWeighting]
    GROUP_WEIGHTING_INFORMATION: _ClassVar[GroupWeighting]
    GROUP_WEIGHTING_SITES: _ClassVar[GroupWeighting]
    GROUP_WEIGHTING_EQUAL: _ClassVar[GroupWeighting]

class Replicates(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPLICATES_UNSPECIFIED: _ClassVar[Replicates]
    REPLICATES_AUTO: _ClassVar[Replicates]
    REPLICATES_ARTIFACT: _ClassVar[Replicates]
    REPLICATES_SEED: _ClassVar[Replicates]
CLUSTER_METHOD_UNSPECIFIED: ClusterMethod
CLUSTER_METHOD_PAPER: ClusterMethod
CLUSTER_METHOD_ALIGNED: ClusterMethod
CLUSTER_SCALE_UNSPECIFIED: ClusterScale
CLUSTER_SCALE_AUTO: ClusterScale
CLUSTER_SCALE_EXACT: ClusterScale
CLUSTER_SCALE_LANDMARKS: ClusterScale
DISCOVERY_SCOPE_UNSPECIFIED: DiscoveryScope
DISCOVERY_SCOPE_CLUSTERS: DiscoveryScope
DISCOVERY_SCOPE_SETS: DiscoveryScope
DISCOVERY_SCOPE_ATTRIBUTIONS: DiscoveryScope
CONTRAST_UNSPECIFIED: Contrast
CONTRAST_WT: Contrast
CONTRAST_KO: Contrast
CONTRAST_WT_VS_SHUFFLED: Contrast
CONTRAST_KO_VS_SHUFFLED: Contrast
CONTRAST_ALL_VS_SHUFFLED: Contrast
DISCOVERY_ENGINE_UNSPECIFIED: DiscoveryEngine
DISCOVERY_ENGINE_EM: DiscoveryEngine
DISCOVERY_ENGINE_MEME: DiscoveryEngine
DISCOVERY_ENGINE_STREME: DiscoveryEngine
DISCOVERY_ENGINE_WORDS: DiscoveryEngine
DISCOVERY_ENGINE_MODISCO: DiscoveryEngine
SITE_MODEL_UNSPECIFIED: SiteModel
SITE_MODEL_ZOOPS: SiteModel
SITE_MODEL_OOPS: SiteModel
SPLIT_UNSPECIFIED: Split
SPLIT_TRAIN: Split
SPLIT_VALIDATION: Split
SPLIT_TEST: Split
SPLIT_ALL: Split
SEQLET_METHOD_UNSPECIFIED: SeqletMethod
SEQLET_METHOD_RECURSIVE: SeqletMethod
SEQLET_METHOD_THRESHOLD: SeqletMethod
DISTANCE_UNSPECIFIED: Distance
DISTANCE_ED: Distance
DISTANCE_PEARSON: Distance
DISTANCE_ALLR: Distance
DISTANCE_KULLBACK: Distance
DISTANCE_SANDELIN: Distance
DISTANCE_BLIC1: Distance
DISTANCE_LLR1: Distance
DISTANCE_BLIC5: Distance
DISTANCE_LLR5: Distance
COMPARE_ENGINE_UNSPECIFIED: CompareEngine
COMPARE_ENGINE_NATIVE: CompareEngine
COMPARE_ENGINE_MEMELITE: CompareEngine
COMPARE_ENGINE_TOMTOM: CompareEngine
THRESHOLD_ON_UNSPECIFIED: ThresholdOn
THRESHOLD_ON_QVALUE: ThresholdOn
THRESHOLD_ON_EVALUE: ThresholdOn
THRESHOLD_ON_PVALUE: ThresholdOn
BACKGROUND_UNSPECIFIED: Background
BACKGROUND_BOTH: Background
BACKGROUND_KO: Background
BACKGROUND_WT: Background
BACKGROUND_SHUFFLED: Background
BACKGROUND_GIVEN: Background
ENRICHMENT_MODE_UNSPECIFIED: EnrichmentMode
ENRICHMENT_MODE_FIXED: EnrichmentMode
ENRICHMENT_MODE_BEST: EnrichmentMode
ENRICHMENT_TEST_UNSPECIFIED: EnrichmentTest
ENRICHMENT_TEST_FISHER: EnrichmentTest
ENRICHMENT_TEST_BINOMIAL: EnrichmentTest
ENRICHMENT_TEST_HYPERGEOMETRIC: EnrichmentTest
SELECT_SPLIT_UNSPECIFIED: SelectSplit
SELECT_SPLIT_NONE: SelectSplit
SELECT_SPLIT_TRAIN: SelectSplit
SELECT_SPLIT_VALIDATION: SelectSplit
SELECT_SPLIT_TEST: SelectSplit
SELECT_SPLIT_ALL: SelectSplit
SCORE_BACKGROUND_UNSPECIFIED: ScoreBackground
SCORE_BACKGROUND_UNIFORM: ScoreBackground
SCORE_BACKGROUND_SEQUENCES: ScoreBackground
SCAN_BACKGROUND_UNSPECIFIED: ScanBackground
SCAN_BACKGROUND_NONREDUNDANT: ScanBackground
SCAN_BACKGROUND_UNIFORM: ScanBackground
SCAN_BACKGROUND_SEQUENCES: ScanBackground
SCAN_BACKGROUND_GIVEN: ScanBackground
SCAN_THRESHOLD_ON_UNSPECIFIED: ScanThresholdOn
SCAN_THRESHOLD_ON_PVALUE: ScanThresholdOn
SCAN_THRESHOLD_ON_QVALUE: ScanThresholdOn
QVALUE_METHOD_UNSPECIFIED: QvalueMethod
QVALUE_METHOD_BH: QvalueMethod
QVALUE_METHOD_STOREY: QvalueMethod
QVALUE_METHOD_NONE: QvalueMethod
GROUP_SIMILARITY_UNSPECIFIED: GroupSimilarity
GROUP_SIMILARITY_CORRELATION: GroupSimilarity
GROUP_SIMILARITY_TOMTOM: GroupSimilarity
GROUP_WEIGHTING_UNSPECIFIED: GroupWeighting
GROUP_WEIGHTING_INFORMATION: GroupWeighting
GROUP_WEIGHTING_SITES: GroupWeighting
GROUP_WEIGHTING_EQUAL: GroupWeighting
REPLICATES_UNSPECIFIED: Replicates
REPLICATES_AUTO: Replicates
REPLICATES_ARTIFACT: Replicates
REPLICATES_SEED: Replicates

class ClusterKmersRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "kmers", "method", "n_clusters", "min_clusters", "max_clusters", "min_size_for_discovery", "max_shift", "max_distinct_kmers", "seed", "core_bp", "max_share", "scale", "n_landmarks")
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
    KMERS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    N_CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    MIN_CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    MAX_CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    MIN_SIZE_FOR_DISCOVERY_FIELD_NUMBER: _ClassVar[int]
    MAX_SHIFT_FIELD_NUMBER: _ClassVar[int]
    MAX_DISTINCT_KMERS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    CORE_BP_FIELD_NUMBER: _ClassVar[int]
    MAX_SHARE_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    N_LANDMARKS_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    kmers: str
    method: ClusterMethod
    n_clusters: int
    min_clusters: int
    max_clusters: int
    min_size_for_discovery: int
    max_shift: int
    max_distinct_kmers: int
    seed: int
    core_bp: int
    max_share: float
    scale: ClusterScale
    n_landmarks: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., kmers: _Optional[str] = ..., method: _Optional[_Union[ClusterMethod, str]] = ..., n_clusters: _Optional[int] = ..., min_clusters: _Optional[int] = ..., max_clusters: _Optional[int] = ..., min_size_for_discovery: _Optional[int] = ..., max_shift: _Optional[int] = ..., max_distinct_kmers: _Optional[int] = ..., seed: _Optional[int] = ..., core_bp: _Optional[int] = ..., max_share: _Optional[float] = ..., scale: _Optional[_Union[ClusterScale, str]] = ..., n_landmarks: _Optional[int] = ...) -> None: ...

class Cluster(_message.Message):
    __slots__ = ("cluster", "size", "n_wt", "n_ko", "consensus", "information_bits", "primary", "discovery")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    N_WT_FIELD_NUMBER: _ClassVar[int]
    N_KO_FIELD_NUMBER: _ClassVar[int]
    CONSENSUS_FIELD_NUMBER: _ClassVar[int]
    INFORMATION_BITS_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_FIELD_NUMBER: _ClassVar[int]
    DISCOVERY_FIELD_NUMBER: _ClassVar[int]
    cluster: int
    size: int
    n_wt: int
    n_ko: int
    consensus: str
    information_bits: float
    primary: bool
    discovery: str
    def __init__(self, cluster: _Optional[int] = ..., size: _Optional[int] = ..., n_wt: _Optional[int] = ..., n_ko: _Optional[int] = ..., consensus: _Optional[str] = ..., information_bits: _Optional[float] = ..., primary: _Optional[bool] = ..., discovery: _Optional[str] = ...) -> None: ...

class ClusterSet(_message.Message):
    __slots__ = ("name", "artifact", "n_kmers", "n_distinct", "n_compared", "k", "method", "n_clusters", "chosen_by", "silhouette", "primary_cluster", "n_skipped", "clusters", "scale")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_KMERS_FIELD_NUMBER: _ClassVar[int]
    N_DISTINCT_FIELD_NUMBER: _ClassVar[int]
    N_COMPARED_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    N_CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    CHOSEN_BY_FIELD_NUMBER: _ClassVar[int]
    SILHOUETTE_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_CLUSTER_FIELD_NUMBER: _ClassVar[int]
    N_SKIPPED_FIELD_NUMBER: _ClassVar[int]
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_kmers: int
    n_distinct: int
    n_compared: int
    k: int
    method: str
    n_clusters: int
    chosen_by: str
    silhouette: float
    primary_cluster: int
    n_skipped: int
    clusters: _containers.RepeatedCompositeFieldContainer[Cluster]
    scale: str
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_kmers: _Optional[int] = ..., n_distinct: _Optional[int] = ..., n_compared: _Optional[int] = ..., k: _Optional[int] = ..., method: _Optional[str] = ..., n_clusters: _Optional[int] = ..., chosen_by: _Optional[str] = ..., silhouette: _Optional[float] = ..., primary_cluster: _Optional[int] = ..., n_skipped: _Optional[int] = ..., clusters: _Optional[_Iterable[_Union[Cluster, _Mapping]]] = ..., scale: _Optional[str] = ...) -> None: ...

class DiscoverMotifsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "clusters", "dataset", "scope", "contrasts", "split", "central_bp", "engine", "model", "min_width", "max_width", "n_motifs", "evalue_threshold", "min_sites", "max_sequences", "both_strands", "seed", "tool_timeout_s", "attributions", "max_seqlets", "min_seqlets", "seqlet_core_bp", "seqlet_flank_bp", "seqlet_fdr", "clustering_runs", "memory_limit_bytes", "holdout_fraction", "patience", "report_database")
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
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    CONTRASTS_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    CENTRAL_BP_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MIN_WIDTH_FIELD_NUMBER: _ClassVar[int]
    MAX_WIDTH_FIELD_NUMBER: _ClassVar[int]
    N_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    EVALUE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    MIN_SITES_FIELD_NUMBER: _ClassVar[int]
    MAX_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    BOTH_STRANDS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    TOOL_TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_SEQLETS_FIELD_NUMBER: _ClassVar[int]
    MIN_SEQLETS_FIELD_NUMBER: _ClassVar[int]
    SEQLET_CORE_BP_FIELD_NUMBER: _ClassVar[int]
    SEQLET_FLANK_BP_FIELD_NUMBER: _ClassVar[int]
    SEQLET_FDR_FIELD_NUMBER: _ClassVar[int]
    CLUSTERING_RUNS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    HOLDOUT_FRACTION_FIELD_NUMBER: _ClassVar[int]
    PATIENCE_FIELD_NUMBER: _ClassVar[int]
    REPORT_DATABASE_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    clusters: str
    dataset: str
    scope: DiscoveryScope
    contrasts: _containers.RepeatedScalarFieldContainer[Contrast]
    split: Split
    central_bp: int
    engine: DiscoveryEngine
    model: SiteModel
    min_width: int
    max_width: int
    n_motifs: int
    evalue_threshold: float
    min_sites: int
    max_sequences: int
    both_strands: bool
    seed: int
    tool_timeout_s: int
    attributions: str
    max_seqlets: int
    min_seqlets: int
    seqlet_core_bp: int
    seqlet_flank_bp: int
    seqlet_fdr: float
    clustering_runs: int
    memory_limit_bytes: int
    holdout_fraction: float
    patience: int
    report_database: str
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., clusters: _Optional[str] = ..., dataset: _Optional[str] = ..., scope: _Optional[_Union[DiscoveryScope, str]] = ..., contrasts: _Optional[_Iterable[_Union[Contrast, str]]] = ..., split: _Optional[_Union[Split, str]] = ..., central_bp: _Optional[int] = ..., engine: _Optional[_Union[DiscoveryEngine, str]] = ..., model: _Optional[_Union[SiteModel, str]] = ..., min_width: _Optional[int] = ..., max_width: _Optional[int] = ..., n_motifs: _Optional[int] = ..., evalue_threshold: _Optional[float] = ..., min_sites: _Optional[int] = ..., max_sequences: _Optional[int] = ..., both_strands: _Optional[bool] = ..., seed: _Optional[int] = ..., tool_timeout_s: _Optional[int] = ..., attributions: _Optional[str] = ..., max_seqlets: _Optional[int] = ..., min_seqlets: _Optional[int] = ..., seqlet_core_bp: _Optional[int] = ..., seqlet_flank_bp: _Optional[int] = ..., seqlet_fdr: _Optional[float] = ..., clustering_runs: _Optional[int] = ..., memory_limit_bytes: _Optional[int] = ..., holdout_fraction: _Optional[float] = ..., patience: _Optional[int] = ..., report_database: _Optional[str] = ...) -> None: ...

class DiscoverySearch(_message.Message):
    __slots__ = ("scope", "n_primary", "n_control", "n_motifs", "note", "test")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    N_PRIMARY_FIELD_NUMBER: _ClassVar[int]
    N_CONTROL_FIELD_NUMBER: _ClassVar[int]
    N_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    scope: str
    n_primary: int
    n_control: int
    n_motifs: int
    note: str
    test: str
    def __init__(self, scope: _Optional[str] = ..., n_primary: _Optional[int] = ..., n_control: _Optional[int] = ..., n_motifs: _Optional[int] = ..., note: _Optional[str] = ..., test: _Optional[str] = ...) -> None: ...

class DiscoveredMotif(_message.Message):
    __slots__ = ("motif_id", "scope", "rank", "width", "nsites", "evalue", "log10_evalue", "consensus", "information_bits")
    MOTIF_ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    NSITES_FIELD_NUMBER: _ClassVar[int]
    EVALUE_FIELD_NUMBER: _ClassVar[int]
    LOG10_EVALUE_FIELD_NUMBER: _ClassVar[int]
    CONSENSUS_FIELD_NUMBER: _ClassVar[int]
    INFORMATION_BITS_FIELD_NUMBER: _ClassVar[int]
    motif_id: str
    scope: str
    rank: int
    width: int
    nsites: int
    evalue: float
    log10_evalue: float
    consensus: str
    information_bits: float
    def __init__(self, motif_id: _Optional[str] = ..., scope: _Optional[str] = ..., rank: _Optional[int] = ..., width: _Optional[int] = ..., nsites: _Optional[int] = ..., evalue: _Optional[float] = ..., log10_evalue: _Optional[float] = ..., consensus: _Optional[str] = ..., information_bits: _Optional[float] = ...) -> None: ...

class MotifSet(_message.Message):
    __slots__ = ("name", "artifact", "n_motifs", "scope", "engine", "model", "searches", "motifs", "n_seqlets", "estimated_bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SEARCHES_FIELD_NUMBER: _ClassVar[int]
    MOTIFS_FIELD_NUMBER: _ClassVar[int]
    N_SEQLETS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_motifs: int
    scope: str
    engine: str
    model: str
    searches: _containers.RepeatedCompositeFieldContainer[DiscoverySearch]
    motifs: _containers.RepeatedCompositeFieldContainer[DiscoveredMotif]
    n_seqlets: int
    estimated_bytes: int
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_motifs: _Optional[int] = ..., scope: _Optional[str] = ..., engine: _Optional[str] = ..., model: _Optional[str] = ..., searches: _Optional[_Iterable[_Union[DiscoverySearch, _Mapping]]] = ..., motifs: _Optional[_Iterable[_Union[DiscoveredMotif, _Mapping]]] = ..., n_seqlets: _Optional[int] = ..., estimated_bytes: _Optional[int] = ...) -> None: ...

class CallSeqletsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "attributions", "dataset", "method", "threshold", "min_length_bp", "max_length_bp", "z_threshold", "min_bases", "max_gap_bp", "flank_bp")
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
    METHOD_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    MIN_LENGTH_BP_FIELD_NUMBER: _ClassVar[int]
    MAX_LENGTH_BP_FIELD_NUMBER: _ClassVar[int]
    Z_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    MIN_BASES_FIELD_NUMBER: _ClassVar[int]
    MAX_GAP_BP_FIELD_NUMBER: _ClassVar[int]
    FLANK_BP_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    attributions: str
    dataset: str
    method: SeqletMethod
    threshold: float
    min_length_bp: int
    max_length_bp: int
    z_threshold: float
    min_bases: int
    max_gap_bp: int
    flank_bp: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., attributions: _Optional[str] = ..., dataset: _Optional[str] = ..., method: _Optional[_Union[SeqletMethod, str]] = ..., threshold: _Optional[float] = ..., min_length_bp: _Optional[int] = ..., max_length_bp: _Optional[int] = ..., z_threshold: _Optional[float] = ..., min_bases: _Optional[int] = ..., max_gap_bp: _Optional[int] = ..., flank_bp: _Optional[int] = ...) -> None: ...

class SeqletSet(_message.Message):
    __slots__ = ("name", "artifact", "n_seqlets", "n_positive", "n_negative", "n_sequences", "n_sequences_with", "method", "median_length_bp", "attribution_threshold", "window_bp")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_SEQLETS_FIELD_NUMBER: _ClassVar[int]
    N_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    N_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_WITH_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_LENGTH_BP_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTION_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BP_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_seqlets: int
    n_positive: int
    n_negative: int
    n_sequences: int
    n_sequences_with: int
    method: str
    median_length_bp: float
    attribution_threshold: float
    window_bp: int
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_seqlets: _Optional[int] = ..., n_positive: _Optional[int] = ..., n_negative: _Optional[int] = ..., n_sequences: _Optional[int] = ..., n_sequences_with: _Optional[int] = ..., method: _Optional[str] = ..., median_length_bp: _Optional[float] = ..., attribution_threshold: _Optional[float] = ..., window_bp: _Optional[int] = ...) -> None: ...

class CompareMotifsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "queries", "query_file", "database", "database_file", "family_table", "distance", "engine", "min_overlap", "trim_bits", "threshold", "threshold_on", "top_n", "database_artifact")
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
    QUERIES_FIELD_NUMBER: _ClassVar[int]
    QUERY_FILE_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FILE_FIELD_NUMBER: _ClassVar[int]
    FAMILY_TABLE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MIN_OVERLAP_FIELD_NUMBER: _ClassVar[int]
    TRIM_BITS_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_ON_FIELD_NUMBER: _ClassVar[int]
    TOP_N_FIELD_NUMBER: _ClassVar[int]
    DATABASE_ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    queries: _containers.RepeatedScalarFieldContainer[str]
    query_file: _artifacts_pb2.InputFile
    database: str
    database_file: _artifacts_pb2.InputFile
    family_table: _artifacts_pb2.InputFile
    distance: Distance
    engine: CompareEngine
    min_overlap: int
    trim_bits: float
    threshold: float
    threshold_on: ThresholdOn
    top_n: int
    database_artifact: str
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., queries: _Optional[_Iterable[str]] = ..., query_file: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., database: _Optional[str] = ..., database_file: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., family_table: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., distance: _Optional[_Union[Distance, str]] = ..., engine: _Optional[_Union[CompareEngine, str]] = ..., min_overlap: _Optional[int] = ..., trim_bits: _Optional[float] = ..., threshold: _Optional[float] = ..., threshold_on: _Optional[_Union[ThresholdOn, str]] = ..., top_n: _Optional[int] = ..., database_artifact: _Optional[str] = ...) -> None: ...

class BestMatch(_message.Message):
    __slots__ = ("query", "target", "target_name", "tf_family", "pvalue", "evalue", "qvalue", "significant")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    TARGET_NAME_FIELD_NUMBER: _ClassVar[int]
    TF_FAMILY_FIELD_NUMBER: _ClassVar[int]
    PVALUE_FIELD_NUMBER: _ClassVar[int]
    EVALUE_FIELD_NUMBER: _ClassVar[int]
    QVALUE_FIELD_NUMBER: _ClassVar[int]
    SIGNIFICANT_FIELD_NUMBER: _ClassVar[int]
    query: str
    target: str
    target_name: str
    tf_family: str
    pvalue: float
    evalue: float
    qvalue: float
    significant: bool
    def __init__(self, query: _Optional[str] = ..., target: _Optional[str] = ..., target_name: _Optional[str] = ..., tf_family: _Optional[str] = ..., pvalue: _Optional[float] = ..., evalue: _Optional[float] = ..., qvalue: _Optional[float] = ..., significant: _Optional[bool] = ...) -> None: ...

class MatchSet(_message.Message):
    __slots__ = ("name", "artifact", "n_queries", "n_targets", "n_matched", "n_rows", "database", "distance", "engine", "best", "n_initialised", "n_changed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_QUERIES_FIELD_NUMBER: _ClassVar[int]
    N_TARGETS_FIELD_NUMBER: _ClassVar[int]
    N_MATCHED_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    BEST_FIELD_NUMBER: _ClassVar[int]
    N_INITIALISED_FIELD_NUMBER: _ClassVar[int]
    N_CHANGED_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_queries: int
    n_targets: int
    n_matched: int
    n_rows: int
    database: str
    distance: str
    engine: str
    best: _containers.RepeatedCompositeFieldContainer[BestMatch]
    n_initialised: int
    n_changed: int
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_queries: _Optional[int] = ..., n_targets: _Optional[int] = ..., n_matched: _Optional[int] = ..., n_rows: _Optional[int] = ..., database: _Optional[str] = ..., distance: _Optional[str] = ..., engine: _Optional[str] = ..., best: _Optional[_Iterable[_Union[BestMatch, _Mapping]]] = ..., n_initialised: _Optional[int] = ..., n_changed: _Optional[int] = ...) -> None: ...

class EnrichMotifsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "dataset", "split", "motifs", "motifs_file", "database", "background", "background_fasta", "mode", "threshold_pvalue", "use_homer_thresholds", "test", "n_shuffles", "pseudocount", "seed", "homer_wt", "homer_ko")
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
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    MOTIFS_FIELD_NUMBER: _ClassVar[int]
    MOTIFS_FILE_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FASTA_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_PVALUE_FIELD_NUMBER: _ClassVar[int]
    USE_HOMER_THRESHOLDS_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    N_SHUFFLES_FIELD_NUMBER: _ClassVar[int]
    PSEUDOCOUNT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    HOMER_WT_FIELD_NUMBER: _ClassVar[int]
    HOMER_KO_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    dataset: str
    split: Split
    motifs: str
    motifs_file: _artifacts_pb2.InputFile
    database: str
    background: _containers.RepeatedScalarFieldContainer[Background]
    background_fasta: _artifacts_pb2.InputFile
    mode: _containers.RepeatedScalarFieldContainer[EnrichmentMode]
    threshold_pvalue: float
    use_homer_thresholds: bool
    test: EnrichmentTest
    n_shuffles: int
    pseudocount: float
    seed: int
    homer_wt: _artifacts_pb2.InputFile
    homer_ko: _artifacts_pb2.InputFile
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., dataset: _Optional[str] = ..., split: _Optional[_Union[Split, str]] = ..., motifs: _Optional[str] = ..., motifs_file: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., database: _Optional[str] = ..., background: _Optional[_Iterable[_Union[Background, str]]] = ..., background_fasta: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., mode: _Optional[_Iterable[_Union[EnrichmentMode, str]]] = ..., threshold_pvalue: _Optional[float] = ..., use_homer_thresholds: _Optional[bool] = ..., test: _Optional[_Union[EnrichmentTest, str]] = ..., n_shuffles: _Optional[int] = ..., pseudocount: _Optional[float] = ..., seed: _Optional[int] = ..., homer_wt: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., homer_ko: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ...) -> None: ...

class EnrichedMotif(_message.Message):
    __slots__ = ("motif", "motif_name", "set", "background", "mode", "pvalue", "qvalue", "pct_wt", "pct_ko")
    MOTIF_FIELD_NUMBER: _ClassVar[int]
    MOTIF_NAME_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    PVALUE_FIELD_NUMBER: _ClassVar[int]
    QVALUE_FIELD_NUMBER: _ClassVar[int]
    PCT_WT_FIELD_NUMBER: _ClassVar[int]
    PCT_KO_FIELD_NUMBER: _ClassVar[int]
    motif: str
    motif_name: str
    set: str
    background: str
    mode: str
    pvalue: float
    qvalue: float
    pct_wt: float
    pct_ko: float
    def __init__(self, motif: _Optional[str] = ..., motif_name: _Optional[str] = ..., set: _Optional[str] = ..., background: _Optional[str] = ..., mode: _Optional[str] = ..., pvalue: _Optional[float] = ..., qvalue: _Optional[float] = ..., pct_wt: _Optional[float] = ..., pct_ko: _Optional[float] = ...) -> None: ...

class Enrichment(_message.Message):
    __slots__ = ("name", "artifact", "n_motifs", "n_wt", "n_ko", "n_rows", "split", "test", "source", "n_enriched_wt", "n_enriched_ko", "top")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    N_WT_FIELD_NUMBER: _ClassVar[int]
    N_KO_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    N_ENRICHED_WT_FIELD_NUMBER: _ClassVar[int]
    N_ENRICHED_KO_FIELD_NUMBER: _ClassVar[int]
    TOP_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_motifs: int
    n_wt: int
    n_ko: int
    n_rows: int
    split: str
    test: str
    source: str
    n_enriched_wt: int
    n_enriched_ko: int
    top: _containers.RepeatedCompositeFieldContainer[EnrichedMotif]
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_motifs: _Optional[int] = ..., n_wt: _Optional[int] = ..., n_ko: _Optional[int] = ..., n_rows: _Optional[int] = ..., split: _Optional[str] = ..., test: _Optional[str] = ..., source: _Optional[str] = ..., n_enriched_wt: _Optional[int] = ..., n_enriched_ko: _Optional[int] = ..., top: _Optional[_Iterable[_Union[EnrichedMotif, _Mapping]]] = ...) -> None: ...

class GetSeqletSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListSeqletSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSeqletSetsResponse(_message.Message):
    __slots__ = ("seqlets", "next_page_token")
    SEQLETS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    seqlets: _containers.RepeatedCompositeFieldContainer[SeqletSet]
    next_page_token: str
    def __init__(self, seqlets: _Optional[_Iterable[_Union[SeqletSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteSeqletSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetClusterSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListClusterSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListClusterSetsResponse(_message.Message):
    __slots__ = ("clusters", "next_page_token")
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    clusters: _containers.RepeatedCompositeFieldContainer[ClusterSet]
    next_page_token: str
    def __init__(self, clusters: _Optional[_Iterable[_Union[ClusterSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteClusterSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetMotifSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListMotifSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListMotifSetsResponse(_message.Message):
    __slots__ = ("motifs", "next_page_token")
    MOTIFS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    motifs: _containers.RepeatedCompositeFieldContainer[MotifSet]
    next_page_token: str
    def __init__(self, motifs: _Optional[_Iterable[_Union[MotifSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteMotifSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetMatchSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListMatchSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListMatchSetsResponse(_message.Message):
    __slots__ = ("matches", "next_page_token")
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    matches: _containers.RepeatedCompositeFieldContainer[MatchSet]
    next_page_token: str
    def __init__(self, matches: _Optional[_Iterable[_Union[MatchSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteMatchSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetEnrichmentRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListEnrichmentsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEnrichmentsResponse(_message.Message):
    __slots__ = ("enrichments", "next_page_token")
    ENRICHMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    enrichments: _containers.RepeatedCompositeFieldContainer[Enrichment]
    next_page_token: str
    def __init__(self, enrichments: _Optional[_Iterable[_Union[Enrichment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteEnrichmentRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ScoreMotifsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "sources", "motif_file", "database", "dataset", "split", "select_split", "output", "background", "pseudocount")
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
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    MOTIF_FILE_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    SELECT_SPLIT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    PSEUDOCOUNT_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    sources: _containers.RepeatedScalarFieldContainer[str]
    motif_file: _artifacts_pb2.InputFile
    database: str
    dataset: str
    split: Split
    select_split: SelectSplit
    output: str
    background: ScoreBackground
    pseudocount: float
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., sources: _Optional[_Iterable[str]] = ..., motif_file: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., database: _Optional[str] = ..., dataset: _Optional[str] = ..., split: _Optional[_Union[Split, str]] = ..., select_split: _Optional[_Union[SelectSplit, str]] = ..., output: _Optional[str] = ..., background: _Optional[_Union[ScoreBackground, str]] = ..., pseudocount: _Optional[float] = ...) -> None: ...

class BestMotif(_message.Message):
    __slots__ = ("source", "motif_id", "consensus", "unit_rank", "auroc", "auprc", "spearman", "select_auprc", "n_motifs")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    MOTIF_ID_FIELD_NUMBER: _ClassVar[int]
    CONSENSUS_FIELD_NUMBER: _ClassVar[int]
    UNIT_RANK_FIELD_NUMBER: _ClassVar[int]
    AUROC_FIELD_NUMBER: _ClassVar[int]
    AUPRC_FIELD_NUMBER: _ClassVar[int]
    SPEARMAN_FIELD_NUMBER: _ClassVar[int]
    SELECT_AUPRC_FIELD_NUMBER: _ClassVar[int]
    N_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    source: str
    motif_id: str
    consensus: str
    unit_rank: int
    auroc: float
    auprc: float
    spearman: float
    select_auprc: float
    n_motifs: int
    def __init__(self, source: _Optional[str] = ..., motif_id: _Optional[str] = ..., consensus: _Optional[str] = ..., unit_rank: _Optional[int] = ..., auroc: _Optional[float] = ..., auprc: _Optional[float] = ..., spearman: _Optional[float] = ..., select_auprc: _Optional[float] = ..., n_motifs: _Optional[int] = ...) -> None: ...

class ScoreSet(_message.Message):
    __slots__ = ("name", "artifact", "dataset", "split", "select_split", "output", "target_type", "n_motifs", "n_sequences", "n_positive", "best")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    SELECT_SPLIT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    TARGET_TYPE_FIELD_NUMBER: _ClassVar[int]
    N_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    N_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    BEST_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    dataset: str
    split: str
    select_split: str
    output: str
    target_type: str
    n_motifs: int
    n_sequences: int
    n_positive: int
    best: _containers.RepeatedCompositeFieldContainer[BestMotif]
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., dataset: _Optional[str] = ..., split: _Optional[str] = ..., select_split: _Optional[str] = ..., output: _Optional[str] = ..., target_type: _Optional[str] = ..., n_motifs: _Optional[int] = ..., n_sequences: _Optional[int] = ..., n_positive: _Optional[int] = ..., best: _Optional[_Iterable[_Union[BestMotif, _Mapping]]] = ...) -> None: ...

class ScanMotifsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "sources", "motif_file", "database", "dataset", "split", "fasta", "background", "background_frequencies", "both_strands", "threshold", "threshold_on", "qvalue_method", "pseudocount", "max_hits")
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
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    MOTIF_FILE_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    FASTA_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FREQUENCIES_FIELD_NUMBER: _ClassVar[int]
    BOTH_STRANDS_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_ON_FIELD_NUMBER: _ClassVar[int]
    QVALUE_METHOD_FIELD_NUMBER: _ClassVar[int]
    PSEUDOCOUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_HITS_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    sources: _containers.RepeatedScalarFieldContainer[str]
    motif_file: _artifacts_pb2.InputFile
    database: str
    dataset: str
    split: Split
    fasta: _artifacts_pb2.InputFile
    background: ScanBackground
    background_frequencies: _containers.RepeatedScalarFieldContainer[float]
    both_strands: bool
    threshold: float
    threshold_on: ScanThresholdOn
    qvalue_method: QvalueMethod
    pseudocount: float
    max_hits: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., sources: _Optional[_Iterable[str]] = ..., motif_file: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., database: _Optional[str] = ..., dataset: _Optional[str] = ..., split: _Optional[_Union[Split, str]] = ..., fasta: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., background: _Optional[_Union[ScanBackground, str]] = ..., background_frequencies: _Optional[_Iterable[float]] = ..., both_strands: _Optional[bool] = ..., threshold: _Optional[float] = ..., threshold_on: _Optional[_Union[ScanThresholdOn, str]] = ..., qvalue_method: _Optional[_Union[QvalueMethod, str]] = ..., pseudocount: _Optional[float] = ..., max_hits: _Optional[int] = ...) -> None: ...

class MotifHits(_message.Message):
    __slots__ = ("motif", "motif_name", "n_hits", "best_pvalue")
    MOTIF_FIELD_NUMBER: _ClassVar[int]
    MOTIF_NAME_FIELD_NUMBER: _ClassVar[int]
    N_HITS_FIELD_NUMBER: _ClassVar[int]
    BEST_PVALUE_FIELD_NUMBER: _ClassVar[int]
    motif: str
    motif_name: str
    n_hits: int
    best_pvalue: float
    def __init__(self, motif: _Optional[str] = ..., motif_name: _Optional[str] = ..., n_hits: _Optional[int] = ..., best_pvalue: _Optional[float] = ...) -> None: ...

class HitSet(_message.Message):
    __slots__ = ("name", "artifact", "n_motifs", "n_sequences", "n_bp", "n_hits", "n_motifs_with_hits", "threshold", "threshold_on", "qvalue_method", "background", "source", "genomic", "top")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    N_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    N_BP_FIELD_NUMBER: _ClassVar[int]
    N_HITS_FIELD_NUMBER: _ClassVar[int]
    N_MOTIFS_WITH_HITS_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_ON_FIELD_NUMBER: _ClassVar[int]
    QVALUE_METHOD_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    GENOMIC_FIELD_NUMBER: _ClassVar[int]
    TOP_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_motifs: int
    n_sequences: int
    n_bp: int
    n_hits: int
    n_motifs_with_hits: int
    threshold: float
    threshold_on: str
    qvalue_method: str
    background: _containers.RepeatedScalarFieldContainer[float]
    source: str
    genomic: bool
    top: _containers.RepeatedCompositeFieldContainer[MotifHits]
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_motifs: _Optional[int] = ..., n_sequences: _Optional[int] = ..., n_bp: _Optional[int] = ..., n_hits: _Optional[int] = ..., n_motifs_with_hits: _Optional[int] = ..., threshold: _Optional[float] = ..., threshold_on: _Optional[str] = ..., qvalue_method: _Optional[str] = ..., background: _Optional[_Iterable[float]] = ..., source: _Optional[str] = ..., genomic: _Optional[bool] = ..., top: _Optional[_Iterable[_Union[MotifHits, _Mapping]]] = ...) -> None: ...

class GroupMotifsRequest(_message.Message):
    __slots__ = ("parent", "request_id", "validate_only", "labels", "sources", "motif_file", "similarity", "min_similarity", "max_pvalue", "min_overlap", "weighting", "replicates", "trim_bits", "max_motifs")
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
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    MOTIF_FILE_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    MIN_SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    MAX_PVALUE_FIELD_NUMBER: _ClassVar[int]
    MIN_OVERLAP_FIELD_NUMBER: _ClassVar[int]
    WEIGHTING_FIELD_NUMBER: _ClassVar[int]
    REPLICATES_FIELD_NUMBER: _ClassVar[int]
    TRIM_BITS_FIELD_NUMBER: _ClassVar[int]
    MAX_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    parent: str
    request_id: str
    validate_only: bool
    labels: _containers.ScalarMap[str, str]
    sources: _containers.RepeatedScalarFieldContainer[str]
    motif_file: _artifacts_pb2.InputFile
    similarity: GroupSimilarity
    min_similarity: float
    max_pvalue: float
    min_overlap: int
    weighting: GroupWeighting
    replicates: Replicates
    trim_bits: float
    max_motifs: int
    def __init__(self, parent: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., sources: _Optional[_Iterable[str]] = ..., motif_file: _Optional[_Union[_artifacts_pb2.InputFile, _Mapping]] = ..., similarity: _Optional[_Union[GroupSimilarity, str]] = ..., min_similarity: _Optional[float] = ..., max_pvalue: _Optional[float] = ..., min_overlap: _Optional[int] = ..., weighting: _Optional[_Union[GroupWeighting, str]] = ..., replicates: _Optional[_Union[Replicates, str]] = ..., trim_bits: _Optional[float] = ..., max_motifs: _Optional[int] = ...) -> None: ...

class MotifFamily(_message.Message):
    __slots__ = ("family", "n_members", "n_replicates", "reproducibility", "mean_similarity", "consensus")
    FAMILY_FIELD_NUMBER: _ClassVar[int]
    N_MEMBERS_FIELD_NUMBER: _ClassVar[int]
    N_REPLICATES_FIELD_NUMBER: _ClassVar[int]
    REPRODUCIBILITY_FIELD_NUMBER: _ClassVar[int]
    MEAN_SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    CONSENSUS_FIELD_NUMBER: _ClassVar[int]
    family: str
    n_members: int
    n_replicates: int
    reproducibility: float
    mean_similarity: float
    consensus: str
    def __init__(self, family: _Optional[str] = ..., n_members: _Optional[int] = ..., n_replicates: _Optional[int] = ..., reproducibility: _Optional[float] = ..., mean_similarity: _Optional[float] = ..., consensus: _Optional[str] = ...) -> None: ...

class FamilySet(_message.Message):
    __slots__ = ("name", "artifact", "n_motifs", "n_families", "n_replicates", "n_reproduced", "similarity", "top")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    N_MOTIFS_FIELD_NUMBER: _ClassVar[int]
    N_FAMILIES_FIELD_NUMBER: _ClassVar[int]
    N_REPLICATES_FIELD_NUMBER: _ClassVar[int]
    N_REPRODUCED_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    TOP_FIELD_NUMBER: _ClassVar[int]
    name: str
    artifact: _artifacts_pb2.ArtifactRef
    n_motifs: int
    n_families: int
    n_replicates: int
    n_reproduced: int
    similarity: str
    top: _containers.RepeatedCompositeFieldContainer[MotifFamily]
    def __init__(self, name: _Optional[str] = ..., artifact: _Optional[_Union[_artifacts_pb2.ArtifactRef, _Mapping]] = ..., n_motifs: _Optional[int] = ..., n_families: _Optional[int] = ..., n_replicates: _Optional[int] = ..., n_reproduced: _Optional[int] = ..., similarity: _Optional[str] = ..., top: _Optional[_Iterable[_Union[MotifFamily, _Mapping]]] = ...) -> None: ...

class GetScoreSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListScoreSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListScoreSetsResponse(_message.Message):
    __slots__ = ("scores", "next_page_token")
    SCORES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    scores: _containers.RepeatedCompositeFieldContainer[ScoreSet]
    next_page_token: str
    def __init__(self, scores: _Optional[_Iterable[_Union[ScoreSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteScoreSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetHitSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListHitSetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListHitSetsResponse(_message.Message):
    __slots__ = ("hits", "next_page_token")
    HITS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    hits: _containers.RepeatedCompositeFieldContainer[HitSet]
    next_page_token: str
    def __init__(self, hits: _Optional[_Iterable[_Union[HitSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteHitSetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetFamilySetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListFamilySetsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListFamilySetsResponse(_message.Message):
    __slots__ = ("families", "next_page_token")
    FAMILIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    families: _containers.RepeatedCompositeFieldContainer[FamilySet]
    next_page_token: str
    def __init__(self, families: _Optional[_Iterable[_Union[FamilySet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteFamilySetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...
