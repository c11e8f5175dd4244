"""HOMER's own knownResults.txt of the two sets beside our numbers for the same factors, in one table.

Rows meet by the factor's name: HOMER writes ``CTCF(Zf)/CD4+-CTCF-ChIP-Seq(GSE12889)/Homer``, JASPAR ``CTCF``; what
stands before the first bracket or slash is compared without regard to case. A name shared says nothing about the
matrices, which differ between the collections: the table is for reading side by side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from cislex_motif.homer_results import HomerKnownMotif, read_known_results

HOMER_SCHEMA = pa.schema(
    [
        ("homer_motif", pa.string()),
        ("homer_consensus", pa.string()),
        ("homer_pct_wt", pa.float64()),
        ("homer_pct_ko", pa.float64()),
        ("homer_pvalue_wt", pa.float64()),
        ("homer_pvalue_ko", pa.float64()),
        ("homer_log10_pvalue_wt", pa.float64()),
        ("homer_log10_pvalue_ko", pa.float64()),
        ("motif", pa.string()),
        ("name", pa.string()),
        ("pct_wt", pa.float64()),
        ("pct_ko", pa.float64()),
        ("pvalue_wt", pa.float64()),
        ("pvalue_ko", pa.float64()),
    ]
)
_LN10 = 2.302585092994046


def compare_with_homer(wt: Path | None, ko: Path | None, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """One row per motif of either knownResults.txt, in the order of the smaller p of HOMER; null where a file lacks it.

    ``rows`` are ours (enrichment.parquet). Beside each stands our row of fixed mode, of the first background, whose
    factor has the same name; of several the one with the smallest p. Raises what ``read_known_results`` raises.
    """
    theirs = [{row.name: row for row in read_known_results(path)} if path else {} for path in (wt, ko)]
    ours = _ours_by_factor(rows)
    table = []
    for name in dict.fromkeys([*theirs[0], *theirs[1]]):
        found = [held.get(name) for held in theirs]
        match = ours.get(_factor(name), {})
        table.append(
            {
                "homer_motif": name,
                "homer_consensus": next(row.consensus for row in found if row),
                **_theirs("wt", found[0]),
                **_theirs("ko", found[1]),
                **{key: match.get(key) for key in ("motif", "name", "pct_wt", "pct_ko", "pvalue_wt", "pvalue_ko")},
            }
        )
    table.sort(key=_smallest)
    return pa.Table.from_pylist(table, schema=HOMER_SCHEMA)


def _theirs(side: str, row: HomerKnownMotif | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {
        f"homer_pct_{side}": row.pct_target,
        f"homer_pvalue_{side}": row.pvalue,
        f"homer_log10_pvalue_{side}": row.log_pvalue / _LN10,
    }


def _ours_by_factor(rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    fixed = [row for row in rows if row["mode"] == "fixed"]
    found: dict[str, Mapping[str, Any]] = {}
    for row in fixed:
        if row["background"] != fixed[0]["background"]:
            continue
        key = _factor(row["name"] or row["motif"])
        if key not in found or _p(row) < _p(found[key]):
            found[key] = row
    return found


def _p(row: Mapping[str, Any]) -> float:
    return min((row[key] for key in ("pvalue_wt", "pvalue_ko") if row[key] is not None), default=1.0)


def _smallest(row: Mapping[str, Any]) -> float:
    both = (row.get("homer_log10_pvalue_wt"), row.get("homer_log10_pvalue_ko"))
    return min(value for value in both if value is not None)


def _factor(name: str) -> str:
    return re.split(r"[(/]", name, maxsplit=1)[0].strip().casefold()
