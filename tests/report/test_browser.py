"""The report opened in headless Chromium: quiet, complete, sortable, legible in both themes, printable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cislex_client.report import render
from synthetic_networks import TASKS, write_compare, write_explainn
from synthetic_parts import Shape
from synthetic_results import write_results
from test_render import FIGURES

pytestmark = pytest.mark.report

# WCAG contrast of the text's colour on the nearest opaque ground, computed in the page.
CONTRAST = """(selector) => {
  const rgb = (s) => s.match(/[\\d.]+/g).map(Number);
  const lum = ([r, g, b]) => {
    const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  return [...document.querySelectorAll(selector)].filter((e) => e.getClientRects().length).map((e) => {
    const svg = e instanceof SVGElement;
    const ink = rgb(svg ? getComputedStyle(e).fill : getComputedStyle(e).color);
    let at = e, ground = null;
    while (at && !ground) {
      const c = rgb(getComputedStyle(at).backgroundColor);
      if (c.length < 4 || c[3] === 1) ground = c;
      at = at.parentElement;
    }
    const [hi, lo] = [lum(ink), lum(ground || [255, 255, 255])].sort((a, b) => b - a);
    return [(hi + 0.05) / (lo + 0.05), e.textContent.slice(0, 30)];
  }).reduce((a, b) => (b[0] < a[0] ? b : a), [99, ""]);
}"""


class Opened:
    """A page with everything that it said or asked for."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_load_state("load")


@pytest.fixture(scope="module")
def report(results_dir: Path) -> Path:
    return render(results_dir)


@pytest.fixture
def open_page(browser: Any, report: Path) -> Iterator[Any]:
    """Open the report: ``open_page(scheme="dark", width=1280)``."""
    contexts = []

    def open_(scheme: str = "light", width: int = 1280, path: Path = report) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        return Opened(context.new_page(), path)

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_quiet_complete_and_alone(open_page: Any, report: Path, scheme: str) -> None:
    opened = open_page(scheme)
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith("data:")] == [report.as_uri()]
    for id in FIGURES:
        box = opened.page.locator(f"#{id}").bounding_box()
        assert box is not None, id
        assert min(box["width"], box["height"]) > 20, id


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible(open_page: Any, scheme: str) -> None:
    page = open_page(scheme).page
    for selector in (
        "p",
        "td",
        "th",
        "dd",
        "dt",
        "figcaption",
        "li",
        ".tag",
        ".also",
        ".callout",
        "a",
        "svg text.tick",
        "svg text.label",
    ):
        ratio, text = page.evaluate(CONTRAST, selector)
        assert ratio >= 4.5, f"{selector} in {scheme}: {ratio:.2f} at {text!r}"
    for base in "ACGT":
        ratio, _ = page.evaluate(CONTRAST, f"use.n{base}")
        assert ratio >= 3, f"letter {base} in {scheme}: {ratio:.2f}"


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Reports of two classes, of many tasks, and of a comparison."""
    root = tmp_path_factory.mktemp("networks")
    folders = [write_explainn(root / "two", ["KO", "WT"]), write_explainn(root / "tasks", TASKS)]
    return [render(folder) for folder in (*folders, write_compare(root / "compare"))]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_reports_of_networks_are_quiet_legible_and_fit_a_telephone(
    open_page: Any, networks: list[Path], scheme: str
) -> None:
    for path in networks:
        opened = open_page(scheme, width=390, path=path)
        assert opened.said == []
        assert [url for url in opened.asked if not url.startswith("data:")] == [path.as_uri()]
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390, path
        for selector in ("p", "td", "figcaption", "svg text.tick", "svg text.name", ".callout"):
            ratio, text = opened.page.evaluate(CONTRAST, selector)
            assert ratio >= 4.5, f"{selector} in {scheme}: {ratio:.2f} at {text!r}"


def test_the_theme_follows_the_system_until_it_is_chosen(open_page: Any) -> None:
    page = open_page("dark").page
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    button = page.locator("#theme")
    assert button.inner_text() == "Light theme"
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    light = page.evaluate(ground)
    assert light == "rgb(255, 255, 255)" != dark
    page.reload()
    assert page.evaluate(ground) == light
    assert button.inner_text() == "Dark theme"


def test_a_click_sorts_and_says_so(open_page: Any) -> None:
    page = open_page().page
    table = page.locator("#tab-kmers")
    column = "[...document.querySelectorAll('#tab-kmers tbody tr')].map((r) => Number(r.cells[{i}].dataset.v))"
    assert table.locator("th[aria-sort=none]").count() == 7
    head = table.locator("th:nth-child(5)")
    head.locator("button").click()
    values = page.evaluate(column.format(i=4))
    assert values == sorted(values, reverse=True)
    assert len(set(values)) > 3
    assert head.get_attribute("aria-sort") == "descending"
    head.locator("button").press("Enter")
    assert page.evaluate(column.format(i=4)) == sorted(values)
    assert head.get_attribute("aria-sort") == "ascending"
    table.locator("th button", has_text="Rank").click()
    assert head.get_attribute("aria-sort") == "none"


def test_text_sorts_and_missing_values_come_last(open_page: Any) -> None:
    page = open_page().page
    button = page.locator("#tab-filters th button", has_text="Resembles")
    names = "[...document.querySelectorAll('#tab-filters tbody tr')].map((r) => r.cells[7].dataset.v || '')"
    for _ in range(2):
        button.click()
        found = page.evaluate(names)
        known = [name for name in found if name]
        assert found == known + [""] * (len(found) - len(known))
        assert known
    assert known == sorted(known, reverse=True)


def test_long_tables_can_be_filtered(open_page: Any) -> None:
    page = open_page().page
    page.locator('input[data-filter="tab-enrichment"]').fill("rela")
    assert page.locator("#tab-enrichment tbody tr:visible").count() == 1
    assert page.locator('output[data-count="tab-enrichment"]').inner_text() == "1 of 40 rows"
    page.locator('input[data-filter="tab-enrichment"]').fill("")
    assert page.locator("#tab-enrichment tbody tr:visible").count() == 40


@pytest.mark.parametrize("width", [360, 820, 1440])
def test_no_width_makes_the_page_scroll_sideways(open_page: Any, tmp_path: Path, width: int) -> None:
    long = render(write_results(tmp_path / "long", Shape(n_per_class=40, clusters=20, long_names=True, seeds=8)))
    page = open_page(width=width, path=long).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_paper_is_light_unfolded_and_without_controls(open_page: Any) -> None:
    page = open_page("dark").page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".side").is_visible()
    assert not page.locator(".filter").first.is_visible()
    assert page.locator("#tab-enrichment tbody tr:visible").count() == 40
    assert page.evaluate("getComputedStyle(document.querySelector('.frame.long')).maxHeight") == "none"
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0
    assert page.pdf()[:5] == b"%PDF-"


def test_the_keyboard_reaches_everything(open_page: Any) -> None:
    page = open_page().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    bad = page.evaluate(
        "[...document.querySelectorAll('.frame, .scroll[tabindex]')].filter((e) "
        "=> !e.getAttribute('aria-labelledby')).length"
    )
    assert bad == 0
    nameless = page.evaluate(
        """[...document.querySelectorAll("svg[role=img]")].filter((s) => {
          const by = (s.getAttribute("aria-labelledby") || "").split(" ").map((i) => document.getElementById(i));
          return !by.length || by.some((e) => !e || !e.textContent.trim());
        }).length"""
    )
    assert nameless == 0


def test_nothing_moves_after_the_first_paint(open_page: Any) -> None:
    page = open_page().page
    moved = page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => list.getEntries().forEach((e) => { sum += e.value; }))
            .observe({ type: "layout-shift", buffered: true });
          setTimeout(() => done(sum), 300);
        })"""
    )
    assert moved < 0.01


def test_the_navigation_marks_where_one_reads(open_page: Any) -> None:
    page = open_page().page
    page.locator('.side a[href="#enrichment"]').click()
    page.wait_for_selector('.side a[href="#enrichment"][aria-current="true"]', timeout=10_000)
    assert page.locator(".side a[aria-current]").count() == 1
