"""Panel 7: motifs and their names: the matrix that was compared beside the known motif it resembles, or no match."""

from __future__ import annotations

from typing import Any

from cislex_client.report.findings import Factor, Query, factors, first_family, queries
from cislex_client.report.inline_logos import aligned_pair, inline_logo
from cislex_client.report.panels.base import Section, callout, details, missing, side_tag
from cislex_client.report.results import Results, number
from cislex_client.report.tables import Cell, Column, number_cell, table, term, text_cell
from cislex_client.report.text import MINUS, count, esc, fixed, percent, plural, pvalue, shorten

SHOWN = 16  # cards before the fold
MOST = 60  # cards at all; the table lists every matrix


def panel(results: Results) -> Section:
    """The section."""
    title, nav = "Motifs and the factors they name", "Motifs"
    found = queries(results)
    if not found:
        why = results.why_missing("matches.tsv", "queries.meme") or "queries.meme holds no matrix: no motif was found."
        return Section("motifs", title, nav, missing("fig-motifs", "Motifs and their names", why) + _clusters(results))
    named = factors(results, found)
    parts = [_words(results, found)]
    for side, heading in (
        ("WT", "Factors named for WT"),
        ("KO", "Factors named for KO"),
        ("both", "Named, but no difference between the classes was shown"),
    ):
        of_side = [factor for factor in named if factor.side == side]
        if of_side or side != "both":
            parts.append(_factor_table(side, heading, of_side))
    parts.append("<h3 id='fig-motifs'>The matrices that were compared</h3>")
    targets = results.motifs("targets.meme")
    cards = [_card(f"fig-motif-{i}", query, targets) for i, query in enumerate(found[:MOST], start=1)]
    parts.append(f'<div class="cards">{"".join(cards[:SHOWN])}</div>')
    if len(cards) > SHOWN:
        parts.append(
            details(f"{len(cards) - SHOWN} more matrices", f'<div class="cards">{"".join(cards[SHOWN:])}</div>')
        )
    if len(found) > MOST:
        parts.append(f'<p class="note">{count(len(found) - MOST)} more matrices are listed in the table only.</p>')
    parts += [_match_table(found), _clusters(results)]
    return Section("motifs", title, nav, "".join(parts))


def level(results: Results) -> str:
    """What “significant” means in this run (HTML): as requested, else Tomtom's default where the table agrees."""
    asked = {**results.request("compare"), **results.summary("compare")}
    threshold, on = number(asked.get("threshold")), str(asked.get("threshold_on") or "")
    letter = {"qvalue": "q", "evalue": "E", "pvalue": "p"}.get(on.lower().removeprefix("threshold_on_"), "q")
    if threshold == threshold:
        return f"{letter} ≤ {threshold:g}"
    table_ = results.table("matches.tsv")
    pairs = zip(table_.floats("qvalue"), table_.get("significant"), strict=True) if table_ is not None else ()
    return "q ≤ 0.05" if all((q <= 0.05) == (mark is True) for q, mark in pairs) else "the level of the comparison"


def _words(results: Results, found: list[Query]) -> str:
    summary = results.summary("compare")
    database = summary.get("database") or (results.run.get("options") or {}).get("motif_db") or "the motif database"
    n_targets = number(summary.get("n_targets", summary.get("nTargets")))
    size = f" ({count(n_targets)} motifs)" if n_targets == n_targets and "(" not in str(database) else ""
    matched = sum(query.best is not None for query in found)
    text = (
        f"<p>{plural(len(found), 'matrix', 'matrices')} from the "
        f"salient k-mers and from the whole sets were compared with "
        f"<strong>{esc(database)}</strong>{size}. {count(matched)} have a significant match ({level(results)}); "
        f"{count(len(found) - matched)} have none. Members of one family often share a motif: a name stands for the "
        f"{term('family', 'family')}, not for proof that this very factor binds.</p>"
    )
    if matched == 0:
        text += callout(
            "<strong>No matrix "
            "resembles a known "
            "motif "
            "significantly.</strong> "
            "That is a "
            "result: either "
            "the model found no "
            "motif, or the motifs are not in the database.",
            "warn",
        )
    return text


def _factor_table(side: str, heading: str, named: list[Factor]) -> str:
    if not named:
        return callout(f"<strong>{heading}:</strong> none. No matrix of this class has a significant match.")
    lines = []
    for factor in named:
        row, enriched = factor.best, factor.enrichment or {}
        also = f'<span class="also">also {esc(", ".join(factor.others[:4]))}</span>' if factor.others else ""
        lines.append(
            [
                Cell(f"<strong>{esc(factor.name)}</strong>{also}", factor.name),
                Cell(
                    f'{esc(factor.family) or "–"}<span class="also">{esc(factor.tf_class)}</span>',
                    factor.family or None,
                ),
                number_cell(number(row.get("pvalue")), pvalue(number(row.get("pvalue")))),
                number_cell(number(row.get("evalue")), pvalue(number(row.get("evalue")))),
                number_cell(number(row.get("qvalue")), pvalue(number(row.get("qvalue")))),
                number_cell(len(factor.queries), f'{len(factor.queries)}<span class="also">{_kinds(factor)}</span>'),
                number_cell(number(enriched.get("pct_wt")), _pct(enriched.get("pct_wt"))),
                number_cell(number(enriched.get("pct_ko")), _pct(enriched.get("pct_ko"))),
            ]
        )
    columns = [
        Column("Factor"),
        Column("Family and class", term="family"),
        Column("p", True, "pvalue"),
        Column("E", True, "evalue"),
        Column("q", True, "qvalue"),
        Column("Matrices", True),
        Column("% of WT", True, "enrichment"),
        Column("% of KO", True, "enrichment"),
    ]
    caption = heading.removesuffix(side) + side_tag(side) if side != "both" else heading
    return table(f"tab-factors-{side.lower()}", caption, columns, lines)


def _kinds(factor: Factor) -> str:
    """Where its matrices come from: the network's k-mers (clusters) or the sequences themselves (sets)."""
    n = {kind: sum(query.kind == kind for query in factor.queries) for kind in ("set", "cluster", "other")}
    return ", ".join(plural(count_, kind) for kind, count_ in n.items() if count_)


def _pct(value: Any) -> str:
    return percent(number(value) / 100, 1)


def _origin(query: Query) -> str:
    if query.kind == "cluster":
        number_ = query.scope.rsplit("_", 1)[-1] if "_" in query.scope else query.scope
        primary = ", the largest" if query.primary else ""
        sizes = (
            f": {plural(query.size, 'k-mer')} ({count(query.n_wt)} WT, {count(query.n_ko)} KO)"
            if query.size is not None
            else ""
        )
        return f"cluster {esc(number_)}{primary}{sizes}"
    if query.kind == "set":
        return f"all {esc(query.scope.replace('_', ' '))} sequences"
    return esc(query.scope.replace("_", " "))


def _card(id: str, query: Query, targets: dict[str, Any]) -> str:
    best = query.best
    top = query.matches[0] if query.matches else None
    target = targets.get(str(top.get("target"))) if top else None
    if query.motif is None:
        drawing = "<p class='none'>The matrix is not in queries.meme.</p>"
    elif best is not None and target is not None:
        drawing = aligned_pair(f"{id}-svg", query.motif, target, best)
    else:
        drawing = inline_logo(f"{id}-svg", query.motif)
    if best is not None:
        name = esc(best.get("target_name") or best.get("target"))
        family = first_family(best.get("tf_family"))
        more = f", {query.n_significant - 1} more significant" if query.n_significant > 1 else ""
        verdict = (
            f'<p class="verdict"><strong>{name}</strong> <span class="also">{esc(best.get("target"))}'
            f"{' · ' + esc(family) if family else ''}</span></p>"
            f'<p class="stats">p {pvalue(number(best.get("pvalue")))} · E {pvalue(number(best.get("evalue")))} · '
            f"q {pvalue(number(best.get('qvalue')))}{more}</p>"
        )
    elif top is not None:
        near = esc(top.get("target_name") or top.get("target"))
        verdict = (
            '<p class="verdict nomatch">No significant match</p>'
            f'<p class="stats">nearest: {near}, q {pvalue(number(top.get("qvalue")))}</p>'
        )
    else:
        verdict = '<p class="verdict nomatch">No significant match</p><p class="stats">no target was listed</p>'
    consensus = esc(query.motif.consensus()) if query.motif is not None else ""
    e = number(query.row.get("evalue"))
    sites = number(query.row.get("nsites"))
    facts = [f"{count(sites)} sites"] if sites == sites else []
    facts += [f"discovery E {pvalue(e)}"] if e == e else []
    return (
        f'<figure class="card" id="{id}"><header>{side_tag(query.side)} '
        f'<span class="origin">{_origin(query)}</span></header>'
        f'<div class="scroll">{drawing}</div><figcaption>{verdict}<p class="stats"><code>{consensus}</code> '
        f"{' · '.join(facts)}</p><p class='stats'><code>{esc(query.id)}</code></p></figcaption></figure>"
    )


def _match_table(found: list[Query]) -> str:
    lines = []
    for query in found:
        for match in [m for m in query.matches if m.get("significant") is True][:5] or query.matches[:1]:
            significant = match.get("significant") is True
            lines.append(
                [
                    text_cell(query.id),
                    Cell(side_tag(query.side), query.side),
                    Cell(
                        f'{esc(match.get("target_name"))} <span class="also">{esc(match.get("target"))}</span>',
                        match.get("target_name"),
                    ),
                    text_cell(first_family(match.get("tf_family"))),
                    number_cell(number(match.get("pvalue")), pvalue(number(match.get("pvalue")))),
                    number_cell(number(match.get("evalue")), pvalue(number(match.get("evalue")))),
                    number_cell(number(match.get("qvalue")), pvalue(number(match.get("qvalue")))),
                    Cell("yes" if significant else "no", significant),
                    Cell(
                        "<br>".join(_word(match.get(key)) for key in ("query_consensus", "target_consensus")),
                        match.get("query_consensus"),
                    ),
                    text_cell(str(match.get("orientation") or "").replace("-", MINUS)),
                ]
            )
    columns = [
        Column("Matrix"),
        Column("Class"),
        Column("Known motif"),
        Column("Family", term="family"),
        Column("p", True, "pvalue"),
        Column("E", True, "evalue"),
        Column("q", True, "qvalue"),
        Column("Significant"),
        Column("Found, known"),
        Column("Strand"),
    ]
    return table(
        "tab-matches",
        "Matches: at most five significant ones per matrix, else the nearest",
        columns,
        lines,
        filter_label="Filter by matrix, factor or family",
        note="All of them: <code>matches.tsv</code>.",
    )


def _word(consensus: Any) -> str:
    text = str(consensus or "")
    return f'<code title="{esc(text)}">{esc(shorten(text, 20))}</code>'


def _clusters(results: Results) -> str:
    clusters = results.table("clusters.tsv")
    if clusters is None:
        return missing("tab-clusters-box", "The table of clusters", results.why_missing("clusters.tsv"))
    lines = []
    for row in clusters.rows():
        bits = number(row.get("information_bits"))
        primary = ' <span class="also">the largest</span>' if row.get("primary") is True else ""
        lines.append(
            [
                Cell(f"{esc(row.get('cluster'))}{primary}", _sort_key(row.get("cluster"))),
                number_cell(number(row.get("size"))),
                number_cell(number(row.get("n_wt"))),
                number_cell(number(row.get("n_ko"))),
                Cell(f"<code>{esc(row.get('consensus'))}</code>", row.get("consensus")),
                number_cell(bits, fixed(bits, 1)),
                text_cell(row.get("discovery")),
            ]
        )
    columns = [
        Column("Cluster"),
        Column("k-mers", True),
        Column("from WT", True),
        Column("from KO", True),
        Column("Consensus"),
        Column("Bits", True, "bits"),
        Column("Motif discovery"),
    ]
    return table(
        "tab-clusters",
        f"{term('cluster', 'Clusters')} of salient k-mers",
        columns,
        lines,
        filter_label="Filter clusters",
        note="Clusters of fewer than ten k-mers are not searched for motifs.",
    )


def _sort_key(value: Any) -> Any:
    text = str(value).rsplit("_", 1)[-1]
    return int(text) if text.isdigit() else value
