"""Panel 1: the result in plain words, four figures, and the leading motif of each class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cislex_client.report.findings import Factor, factors, queries
from cislex_client.report.inline_logos import inline_logo
from cislex_client.report.panels.base import Section, callout, side_tag
from cislex_client.report.panels.performance import mean_sd
from cislex_client.report.results import Results, number
from cislex_client.report.tables import term
from cislex_client.report.text import count, esc, fixed, interval, listing, percent, pvalue
from cislex_client.report.verdict import baseline_scores, judge, model_scores, per_class, per_seed

NAMED = 3


def panel(results: Results) -> Section:
    """The section."""
    verdict = judge(results)
    named = factors(results)
    sentences = [_compared(results), esc(verdict.sentence), *_names(results, named, verdict.level)]
    parts = [f'<p class="lead" id="summary-sentence">{" ".join(filter(None, sentences))}</p>']
    if verdict.caveats:
        parts.append(callout("<strong>Read with care.</strong> " + esc(" ".join(verdict.caveats)), "warn"))
    failed = [s for s in results.steps.values() if s.get("status") in ("failed", "cancelled")]
    if failed:
        what = listing(
            [f"“{esc(s.get('title') or s.get('id'))}” ({esc(s.get('note') or s.get('status'))})" for s in failed]
        )
        parts.append(
            callout(f"<strong>Not every step finished:</strong> {what}. The panels say what is missing.", "warn")
        )
    parts += [_tiles(results), _leaders(results, named)]
    return Section("summary", "Summary", "Summary", "".join(parts))


def _source(results: Results, role: str) -> str:
    inputs = results.run.get("inputs") or {}
    entry = inputs.get(role) or inputs.get(f"{role}_fasta") or {}
    name = Path(str(entry.get("path") or "")).name if isinstance(entry, dict) else ""
    return f" ({esc(name)})" if name else ""


def _compared(results: Results) -> str:
    table = results.table("dataset.tsv")
    if table is None:
        return "WT and KO sequences were compared."
    sets = table.get("set")
    n_wt, n_ko = sum(s == "WT" for s in sets), sum(s == "KO" for s in sets)
    test = [c for c, split in zip(table.get("chrom"), table.get("split"), strict=True) if split == "test"]
    chroms = sorted({str(c) for c in test if c})
    where = ""
    if chroms:
        where = f" on {'chromosome' if len(chroms) == 1 else 'chromosomes'} {listing(chroms[:6])}" + (
            " and others" if len(chroms) > 6 else ""
        )
    return (
        f"<strong>{count(n_wt)} WT</strong> sequences{_source(results, 'wt')} "
        f"were compared with <strong>{count(n_ko)} KO</strong> "
        f"sequences{_source(results, 'ko')}; {count(len(test))}{esc(where)} were held out for testing."
    )


def _names(results: Results, named: list[Factor], level: str) -> list[str]:
    found = queries(results)
    if not found:
        return ["No motif was compared with known ones."]
    out = []
    for side in ("WT", "KO"):
        of_side = [factor for factor in named if factor.side == side]
        if of_side:
            names = listing([f"<strong>{esc(f.name)}</strong>{_family(f)}" for f in of_side[:NAMED]])
            more = f" and {len(of_side) - NAMED} more" if len(of_side) > NAMED else ""
            out.append(f"For <strong>{side}</strong>, the motifs resemble {names}{more}.")
        else:
            out.append(f"For <strong>{side}</strong>, no motif has a significant match.")
    both = [factor for factor in named if factor.side == "both"]
    if both:
        more = f" and {len(both) - NAMED} more" if len(both) > NAMED else ""
        out.append(
            f"Also found, without a difference between the classes being "
            f"shown: {listing([esc(f.name) for f in both[:NAMED]])}{more}."
        )
    if named and level in ("chance", "baseline"):
        weak = [factor for factor in named if all(query.kind != "set" for query in factor.queries)]
        out.append(
            "As the model is no better than simpler predictors, names that come from its k-mers alone say little: "
            f"{listing([esc(factor.name) for factor in weak])}."
            if weak
            else "These names rest on the sequences themselves (motifs of the whole sets), not on the network alone."
        )
    return out


def _family(factor: Factor) -> str:
    return f" ({esc(factor.family)})" if factor.family and factor.family.upper() != factor.name.upper() else ""


def _tiles(results: Results) -> str:
    metrics = results.json("metrics.json")
    if not metrics:
        return ""
    model = model_scores(metrics)
    baselines = [s for s in baseline_scores(metrics) if s.auroc == s.auroc]
    best = max(baselines, key=lambda s: s.auroc, default=None)
    mean, sd = mean_sd([number(s.get("auroc")) for s in per_seed(metrics)])
    sizes = {name: number(part.get("n")) for name, part in per_class(metrics).items()}
    tiles = [
        (
            term("auroc", "AUROC"),
            fixed(model.auroc),
            f"95&nbsp;% {interval(model.pair('auroc'))}" if model.pair("auroc") else "",
        ),
        (
            term("baselines", "Best baseline"),
            fixed(best.auroc) if best else "–",
            esc(best.label) if best else "none measured",
        ),
        (
            term("accuracy", "Accuracy"),
            percent(model.accuracy, 1),
            f"95&nbsp;% {interval(model.pair('accuracy'))}" if model.pair("accuracy") else "",
        ),
        ("Single seeds, AUROC", fixed(mean), f"± {fixed(sd)} (sd)" if sd == sd else "one seed"),
        (
            "Test sequences",
            count(sum(sizes.values())) if sizes else "–",
            " · ".join(f"{count(n)} {esc(k)}" for k, n in sorted(sizes.items(), reverse=True)),
        ),
    ]
    items = "".join(
        f'<div class="tile"><dt>{name}</dt><dd>{value}</dd><dd class="sub">{sub}</dd></div>'
        for name, value, sub in tiles
    )
    return f'<dl class="tiles">{items}</dl>'


def _leaders(results: Results, named: list[Factor]) -> str:
    cards = [_leader(side, [f for f in named if f.side == side]) for side in ("WT", "KO")]
    return f'<div class="leaders" id="fig-leaders">{"".join(cards)}</div>' if any(cards) and named else ""


def _leader(side: str, named: list[Factor]) -> str:
    lead = next((f for f in named if f.query.motif is not None), None)
    if lead is None or lead.query.motif is None:
        return (
            f'<figure class="card"><header>{side_tag(side)}</header><figcaption><p '
            f'class="verdict nomatch">No factor named</p></figcaption></figure>'
        )
    q: Any = number(lead.best.get("qvalue"))
    logo = inline_logo(f"fig-lead-{side.lower()}", lead.query.motif, height=70, column=20)
    return (
        f'<figure class="card lead-{side.lower()}"><header>{side_tag(side)} '
        f'<span class="origin">leading motif</span></header>'
        f'<div class="scroll">{logo}</div><figcaption><p class="verdict"><strong>{esc(lead.name)}</strong> '
        f'<span class="also">{esc(lead.family)} · q {pvalue(q)}</span></p></figcaption></figure>'
    )
