"""Panel 6: where in single test sequences the model looks: tracks over the window and letters scaled by attribution."""

from __future__ import annotations

import numpy as np

from cislex_client.report import svg
from cislex_client.report.examples import Example, choose
from cislex_client.report.findings import factors
from cislex_client.report.logo import stacks
from cislex_client.report.panels.base import Section, figure, legend, missing, side_tag
from cislex_client.report.results import Attributions, Results, number
from cislex_client.report.sites import Site, find_sites
from cislex_client.report.tables import term
from cislex_client.report.text import count, esc, fixed, listing, locus, shorten

ZOOM_BP = 80  # letters drawn around the strongest stretch; a window of at most LETTERS_BP is drawn whole
LETTERS_BP = 110
WIDTH = 960.0
LEFT, RIGHT = 78.0, 14.0


def panel(results: Results) -> Section:
    """The section."""
    title, nav = "Where the model looks in single sequences", "Saliency"
    data = results.attributions
    if data is None or len(data.rows) == 0:
        why = results.why_missing("attributions.npz") or "attributions.npz holds no sequence."
        return Section("saliency", title, nav, missing("fig-saliency", "Saliency tracks", why))
    chosen = choose(results, data)
    sites = _known(results)
    kmers = _kmers(results)
    parts = [_words(data, bool(sites))]
    silent = [side for side in ("WT", "KO") if not any(e.true == side and e.right for e in chosen)]
    if silent:
        parts.append(f"<p><strong>No {listing(silent, 'and no')} test sequence was called right.</strong></p>")
    parts.append(
        legend([("nt-a", "A"), ("nt-c", "C"), ("nt-g", "G"), ("nt-t", "T"), ("fill-pick", "k-mer taken for motifs")])
    )
    parts += [_example(f"fig-saliency-{i}", e, data, sites, kmers) for i, e in enumerate(chosen, start=1)]
    return Section("saliency", title, nav, "".join(parts))


def _words(data: Attributions, named: bool) -> str:
    method = str(data.meta.get("method") or "attribution")
    target = {"wt_minus_ko": "the WT − KO logit", "predicted": "the predicted class's logit"}.get(
        str(data.meta.get("target")), str(data.meta.get("target") or "the logit")
    )
    seed = data.meta.get("seed_index")
    over = "averaged over all seeds" if seed is None else f"of seed index {seed}"
    upward = (
        "Letters above the line speak for WT, letters below for KO."
        if data.meta.get("target") == "wt_minus_ko"
        else "Letters above the line speak for the predicted class, letters below against it."
    )
    capped = (
        f" The folder keeps {count(len(data.rows))} of {count(number(data.meta.get('n_total')))} sequences."
        if data.meta.get("capped")
        else ""
    )
    names = " Names mark where a motif that was named in this run fits the sequence." if named else ""
    return (
        f"<p>Test sequences that the model got right with most confidence, and one it got wrong. The track shows the "
        f"{term('importance', 'importance')} of each position in the whole window, the letters the "
        f"{term('projected', 'attribution of the observed base')} where it is strongest "
        f"({esc(method.replace('_', ' '))} of {esc(target)}, {esc(over)}). {upward}{names}{capped}</p>"
    )


def _known(results: Results) -> list[tuple[str, np.ndarray]]:
    targets = results.motifs("targets.meme")
    return [(f.name, targets[f.target].probabilities) for f in factors(results)[:12] if f.target in targets]


def _kmers(results: Results) -> dict[int, list[tuple[int, int]]]:
    table = results.table("kmers.tsv")
    found: dict[int, list[tuple[int, int]]] = {}
    if table is not None and table.has("row", "start", "kmer"):
        for row, start, kmer in zip(table.get("row"), table.get("start"), table.get("kmer"), strict=True):
            if row is not None and start is not None and kmer:
                found.setdefault(int(row), []).append((int(start), int(start) + len(kmer)))
    return found


def _example(
    id: str,
    example: Example,
    data: Attributions,
    known: list[tuple[str, np.ndarray]],
    kmers: dict[int, list[tuple[int, int]]],
) -> str:
    i = example.index
    importance, projected, codes = data.importance[i], data.projected[i], data.codes[i]
    length = len(codes)
    picks = kmers.get(int(data.rows[i]), [])
    lo, hi = window(np.abs(projected), ZOOM_BP) if length > LETTERS_BP else (0, length)
    sites = [site for site in find_sites(codes, known) if site.start >= lo and site.end <= hi]
    body: list[str] = []
    top = 0.0
    if length > LETTERS_BP:
        top = _track(body, importance, picks, lo, hi)
    height = _letters(body, projected, codes, picks, sites, lo, hi, top)
    where = " ".join(f"{site.name} at {site.start}" for site in sites)
    drawing = svg.document(
        f"{id}-svg",
        WIDTH,
        height,
        "".join(body),
        f"Attribution of {example.title}",
        f"letters shown: positions {lo} to {hi} of {length}. {where}",
    )
    verdict = ""
    if example.p_wt == example.p_wt:
        said = "WT" if example.p_wt > 0.5 else "KO"
        mark = "right" if example.right else "<strong>wrong</strong>"
        verdict = f" · predicted {side_tag(said)} with p(WT) = {fixed(example.p_wt, 3)}: {mark}"
    caption = (
        f"<strong>{esc(example.title)}</strong> · true class {side_tag(example.true)}{verdict} · {esc(example.why)}"
    )
    return figure(id, drawing, caption + _span(example, lo, hi), wide=True)


def _span(example: Example, lo: int, hi: int) -> str:
    """Where the letters lie on the genome; nothing for a reversed or unplaced sequence."""
    if example.chrom is None or example.start is None:
        return ""
    return f" · letters: {esc(locus(example.chrom, example.start + lo, example.start + hi))}"


def window(strength: np.ndarray, width: int) -> tuple[int, int]:
    """[lo, hi) of that width with the largest sum, centred on its centre of mass where the window allows."""
    if len(strength) <= width:
        return 0, len(strength)
    sums = np.convolve(strength.astype(np.float64), np.ones(width // 4), mode="valid")
    peak = int(sums.argmax()) + width // 8
    lo = int(np.clip(peak - width // 2, 0, len(strength) - width))
    return lo, lo + width


def _track(body: list[str], importance: np.ndarray, picks: list[tuple[int, int]], lo: int, hi: int) -> float:
    length = len(importance)
    top, bottom = 16.0, 74.0
    scale = (WIDTH - LEFT - RIGHT) / length
    peak = float(importance.max()) or 1.0
    body.append(svg.text(LEFT - 8, (top + bottom) / 2 + 4, "importance", "end", "tick"))
    body.append(svg.rect(LEFT + lo * scale, top - 6, (hi - lo) * scale, bottom - top + 6, "zoom"))
    for start, end in picks:
        body.append(svg.rect(LEFT + start * scale, bottom + 2, max(2.0, (end - start) * scale), 4, "fill-pick"))
    points = [f"M{svg.num(LEFT)} {svg.num(bottom)}"]
    for i, value in enumerate(importance):
        y = bottom - (bottom - top) * float(value) / peak
        points.append(f"V{svg.num(y)}H{svg.num(LEFT + (i + 1) * scale)}")
    points.append(f"V{svg.num(bottom)}Z")
    body.append(f'<path d="{"".join(points)}" class="area"/>')
    body.append(svg.line(LEFT, bottom, WIDTH - RIGHT, bottom, "axis"))
    ticks = svg.nice_ticks(0, length, about=6)
    body += [svg.text(LEFT + tick * scale, bottom + 19, f"{tick:g}", "middle", "tick") for tick in ticks]
    # From the marked stretch to the letters below, which show it enlarged.
    foot = bottom + 44
    corners = [
        (LEFT + lo * scale, bottom + 24),
        (LEFT + hi * scale, bottom + 24),
        (WIDTH - RIGHT, foot),
        (LEFT, foot),
    ]
    body.append('<path d="M' + "L".join(f"{svg.num(x)} {svg.num(y)}" for x, y in corners) + 'Z" class="zoom"/>')
    return foot + 4


def _letters(
    body: list[str],
    projected: np.ndarray,
    codes: np.ndarray,
    picks: list[tuple[int, int]],
    sites: list[Site],
    lo: int,
    hi: int,
    top: float,
) -> float:
    n = hi - lo
    column = (WIDTH - LEFT - RIGHT) / n
    heights = np.zeros((n, 4))
    for k in range(n):
        if codes[lo + k] < 4:
            heights[k, codes[lo + k]] = projected[lo + k]
    up, down = max(0.0, float(heights.max(initial=0.0))), max(0.0, float(-heights.min(initial=0.0)))
    span = up + down or 1.0
    rows = _stack_sites(sites)
    lanes = max(rows.values(), default=-1) + 1
    area = 118.0
    zero = top + 10 + 15 * lanes + area * up / span
    bottom = zero + area * down / span
    for site, lane in rows.items():
        x, w = LEFT + (site.start - lo) * column, (site.end - site.start) * column
        y = top + 8 + 15 * lane
        body.append(svg.line(x, y + 4, x + w, y + 4, "site"))
        room = max(4, int(w / 5.6))
        label = shorten(site.name, room) + ("" if site.strand == "+" else " (\u2212)")
        body.append(svg.text(x + w / 2, y, label, "middle", "sitename", title=site.name))
    body.append(svg.line(LEFT, zero, WIDTH - RIGHT, zero, "axis"))
    for value in [v for v in (up, -down) if v]:
        y = zero - value / span * area
        body.append(svg.line(LEFT - 5, y, LEFT, y, "axis"))
        body.append(svg.text(LEFT - 8, y + 4, f"{value:.2g}".replace("-", "\u2212"), "end", "tick"))
    body.append(svg.line(LEFT, zero - up / span * area, LEFT, bottom, "axis"))
    body.append(stacks(heights, LEFT, zero, column, area / span))
    for start, end in picks:
        a, b = max(start, lo), min(end, hi)
        if b > a:
            body.append(svg.rect(LEFT + (a - lo) * column, bottom + 5, (b - a) * column, 4, "fill-pick"))
    ticks = [t for t in svg.nice_ticks(lo, hi - 1, about=8) if t == int(t)]
    body += [svg.text(LEFT + (t - lo + 0.5) * column, bottom + 24, f"{t:g}", "middle", "tick") for t in ticks]
    body.append(
        svg.text((LEFT + WIDTH - RIGHT) / 2, bottom + 40, "position in the window (bp, from 0)", "middle", "label")
    )
    return bottom + 46


def _stack_sites(sites: list[Site]) -> dict[Site, int]:
    """A lane for each site so that marks do not overlap; at most three lanes, the best sites first."""
    lanes: list[list[Site]] = [[], [], []]
    placed: dict[Site, int] = {}
    for site in sorted(sites, key=lambda s: -s.score):
        for i, lane in enumerate(lanes):
            if all(site.start >= other.end + 2 or site.end + 2 <= other.start for other in lane):
                lane.append(site)
                placed[site] = i
                break
    used = sorted(set(placed.values()), reverse=True)
    return {site: used.index(lane) for site, lane in placed.items()}
