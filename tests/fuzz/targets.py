"""All targets by name, one per format."""

from __future__ import annotations

import model_targets
import motif_targets
import table_targets
import text_targets
from oracle import Target

TARGETS: dict[str, Target] = {
    "bed": text_targets.bed,
    "narrowpeak": text_targets.narrow_peak,
    "csv": text_targets.peak_table,
    "fasta": text_targets.fasta,
    "fastq": text_targets.fastq,
    "genome": text_targets.genome,
    "gzip": text_targets.gzip_stream,
    "meme": motif_targets.meme,
    "jaspar": motif_targets.jaspar,
    "homer": motif_targets.homer,
    "transfac": motif_targets.transfac,
    "motifs": motif_targets.any_format,
    "tomtom": motif_targets.tomtom_output,
    "table": table_targets.delimited_table,
    "parquet": table_targets.parquet,
    "matrix": table_targets.target_matrix,
    "names": table_targets.names,
    "npy": table_targets.npy,
    "probes": table_targets.probe_table,
    "onnx": model_targets.onnx,
    "safetensors": model_targets.safetensors,
    "pth": model_targets.torch_weights,
    "manifest": model_targets.manifest,
}
