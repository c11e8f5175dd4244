"""What was found, gathered from several tables: queries with their matches and sides, and the factors they name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cislex_core.motifs import Motif, aligned_correlation

from cislex_client.report.results import Results, number, number_or

SIDES = ("WT", "KO")
LEAN_P = 0.01  # a cluster leans to a class when its share differs from that of all k-mers at this binomial p
DECIDE_Q = 0.05  # a factor found on both sides goes to one when its enrichment against the other has q at most this
ALIKE = 0.7  # least mean column correlation of two targets of a family that count as one factor
CLUSTER = re.compile(r"^(?:.*[/:.])?(?:cluster_?)?(\d+)(?:\D.*)?$")


@dataclass
class Query:
    """One compared matrix: where it comes from, to which class it belongs, and its matches, best first."""

    id: str
    motif: Motif | None
    kind: str  # cluster | set | other
    scope: str
    side: str  # WT | KO | both | "" (unknown)
    size: int | None = None
    n_wt: int | None = None
    n_ko: int | None = None
    primary: bool = False
    discovery: str = ""
    row: dict[str, Any] = field(default_factory=dict)
    matches: list[dict[str, Any]] = field(default_factory=list)

    @property
    def best(self) -> dict[str, Any] | None:
        """The best match when it is significant at the level of the comparison, else None."""
        return self.matches[0] if self.matches and self.matches[0].get("significant") is True else None

    @property
    def n_significant(self) -> int:
        """How many targets match significantly."""
        return sum(match.get("significant") is True for match in self.matches)


@dataclass
class Factor:
    """A transcription factor, or a family of those that cannot be told apart, that at least one matrix names."""

    name: str
    family: str
    tf_class: str
    side: str
    target: str
    best: dict[str, Any]
    query: Query
    queries: list[Query]
    others: list[str]
    enrichment: dict[str, Any] | None = None


def binomial_two_sided(k: int, n: int, share: float) -> float:
    """Exact two-sided binomial p (sum over outcomes no likelier than k). 1.0 where n = 0 or the share is 0 or 1."""
    if n == 0 or not 0 < share < 1:
        return 1.0
    log = [
        math.lgamma(n + 1)
        - math.lgamma(i + 1)
        - math.lgamma(n - i + 1)
        + i * math.log(share)
        + (n - i) * math.log1p(-share)
        for i in range(n + 1)
    ]
    return min(1.0, sum(math.exp(value) for value in log if value <= log[k] + 1e-9))


def lean(n_wt: float, n_ko: float, share_wt: float) -> str:
    """``WT``, ``KO`` or ``both``: whether WT's share differs from the expected one at binomial p ≤ 0.01."""
    if math.isnan(n_wt) or math.isnan(n_ko) or n_wt + n_ko == 0:
        return ""
    if binomial_two_sided(int(n_wt), int(n_wt + n_ko), share_wt) > LEAN_P:
        return "both"
    return "WT" if n_wt / (n_wt + n_ko) > share_wt else "KO"


def side_of_scope(scope: str) -> str:
    """``WT`` for a scope such as WT or WT_vs_shuffled, likewise ``KO``; "" for others."""
    first = re.split(r"[^A-Za-z]", scope, maxsplit=1)[0].upper()
    return first if first in SIDES else ""


def matches_by_query(results: Results, name: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of a match table by query, each list by rank (else by p)."""
    found: dict[str, list[dict[str, Any]]] = {}
    table = results.table(name)
    for row in table.rows() if table else ():
        if row.get("target"):
            found.setdefault(str(row.get("query")), []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (number_or(row.get("rank"), math.inf), number_or(row.get("pvalue"), math.inf)))
    return found


def queries(results: Results) -> list[Query]:
    """Every compared matrix (queries.meme), clusters first by size, then whole sets by rank."""
    matched = matches_by_query(results, "matches.tsv")
    matrices = results.motifs("queries.meme")
    motif_table, cluster_table = results.table("motifs.tsv"), results.table("clusters.tsv")
    motif_rows = {str(row.get("motif_id")): row for row in motif_table.rows()} if motif_table else {}
    clusters = {_cluster_key(row.get("cluster")): row for row in cluster_table.rows()} if cluster_table else {}
    share = _share_wt(clusters.values())
    found = []
    for id in dict.fromkeys([*matrices, *matched]):
        row = motif_rows.get(id, {})
        scope = str(row.get("scope") or id)
        cluster = clusters.get(_cluster_key(scope)) if not side_of_scope(scope) else None
        query = Query(id=id, motif=matrices.get(id), kind="other", scope=scope, side=side_of_scope(scope), row=row)
        if cluster is not None:
            n_wt, n_ko = number(cluster.get("n_wt")), number(cluster.get("n_ko"))
            query.kind, query.side = "cluster", lean(n_wt, n_ko, share)
            query.n_wt, query.n_ko = _int(n_wt), _int(n_ko)
            query.size = _int(number(cluster.get("size")))
            query.primary = cluster.get("primary") is True
            query.discovery = str(cluster.get("discovery") or "")
        elif query.side:
            query.kind = "set"
        query.matches = matched.get(id, [])
        found.append(query)
    order = {"cluster": 0, "set": 1, "other": 2}
    rank = {query.id: number_or(query.row.get("rank"), math.inf) for query in found}
    found.sort(
        key=lambda q: (order[q.kind], not q.primary, -(q.size or 0), q.scope if q.kind == "set" else "", rank[q.id])
    )
    return found


def _cluster_key(value: object) -> str:
    hit = CLUSTER.match(str(value))
    return hit.group(1).lstrip("0") or "0" if hit else ""


def _share_wt(clusters: Iterable[dict[str, Any]]) -> float:
    rows = list(clusters)
    n_wt = sum(number(row.get("n_wt")) for row in rows)
    n_ko = sum(number(row.get("n_ko")) for row in rows)
    return n_wt / (n_wt + n_ko) if n_wt + n_ko > 0 else 0.5


def _int(value: float) -> int | None:
    return None if math.isnan(value) else int(value)


def first_family(value: object) -> str:
    """The family of a factor; of a dimer's two, each once, joined by a slash."""
    parts = [part.strip() for part in str(value or "").split(";") if part.strip()]
    return " / ".join(dict.fromkeys(parts))


def _clean_name(row: dict[str, Any]) -> str:
    return str(row.get("target_name") or row.get("target") or "")


def factors(results: Results, found: list[Query] | None = None) -> list[Factor]:
    """Factors named by significant best matches, best q first: one per family of like motifs.

    Best matches belong to one factor when the targets are the same, or of one family and alike (families such as
    Myb/SANT hold quite different motifs). Where its matrices belong to both classes, or only comparisons with shuffled
    sequences found it, the factor goes to the class in whose sequences its motif is enriched against the other
    (q ≤ 0.05), and to ``both`` where in neither.
    """
    targets = results.motifs("targets.meme")
    named = [query for query in (queries(results) if found is None else found) if query.best is not None]
    named.sort(key=lambda query: _significance(query.matches[0]))
    groups: list[list[Query]] = []
    for query in named:
        home = next((group for group in groups if _same_factor(group[0].matches[0], query.matches[0], targets)), None)
        if home is None:
            groups.append([query])
        else:
            home.append(query)
    enriched = differential(results)
    return [_factor(members, enriched) for members in groups]


def _significance(row: dict[str, Any]) -> tuple[float, float]:
    return number_or(row.get("qvalue"), math.inf), number_or(row.get("pvalue"), math.inf)


def _same_factor(a: dict[str, Any], b: dict[str, Any], targets: dict[str, Motif]) -> bool:
    if a.get("target") == b.get("target"):
        return True
    family = first_family(a.get("tf_family"))
    if not family or family != first_family(b.get("tf_family")):
        return False
    one, other = targets.get(str(a.get("target"))), targets.get(str(b.get("target")))
    if one is None or other is None:
        return True
    overlap = max(5, math.ceil(0.75 * min(one.width, other.width)))
    return aligned_correlation(one, other, min_overlap=overlap)[0] >= ALIKE


def _factor(members: list[Query], enriched: dict[str, dict[str, Any]]) -> Factor:
    best = members[0].matches[0]
    row = enriched.get(str(best.get("target"))) or enriched.get(_clean_name(best).upper())
    names = dict.fromkeys(_clean_name(query.matches[0]) for query in members)
    return Factor(
        name=_clean_name(best),
        family=first_family(best.get("tf_family")),
        tf_class=first_family(best.get("tf_class")),
        side=_side(members, row),
        target=str(best.get("target")),
        best=best,
        query=members[0],
        queries=members,
        others=[name for name in names if name != _clean_name(best)],
        enrichment=row,
    )


def _side(members: list[Query], row: dict[str, Any] | None) -> str:
    sides = {query.side for query in members} - {""}
    # A set against its own shuffle shows that the motif is there, not that the other set lacks it.
    between_classes = any("shuffled" not in query.scope for query in members)
    if len(sides) == 1 and "both" not in sides and (between_classes or row is None):
        return sides.pop()
    q_wt, q_ko = (number(row.get(f"qvalue_{side}")) if row else math.nan for side in ("wt", "ko"))
    if min(number_or(q_wt, math.inf), number_or(q_ko, math.inf)) <= DECIDE_Q:
        return "WT" if number_or(q_wt, math.inf) < number_or(q_ko, math.inf) else "KO"
    return "both"


def differential(results: Results) -> dict[str, dict[str, Any]]:
    """Enrichment rows of WT against KO, by motif id and by upper-case name: mode ``fixed`` preferred.

    Backgrounds ``both``, ``ko`` and ``wt`` compare the classes with each other; ``shuffled`` does not.
    """
    table = results.table("enrichment.tsv")
    rows = [row for row in table.rows() if str(row.get("background")) in ("both", "ko", "wt")] if table else []
    rows.sort(key=lambda row: (row.get("mode") != "fixed", row.get("background") != "both"))
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for key in (str(row.get("motif")), str(row.get("name") or "").upper()):
            if key:
                found.setdefault(key, row)
    return found
