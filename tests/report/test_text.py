"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from cislex_client.report import svg
from cislex_client.report.text import fixed, interval, listing, locus, percent, plural, pvalue, shorten, size


@pytest.mark.parametrize(
    "value, text",
    [
        (0.05, "0.050"),
        (1.0, "1"),
        (3.51, "3.5"),
        (0.000999, "1.0\u202f×\u202f10<sup>−3</sup>"),
        (2.44e-11, "2.4\u202f×\u202f10<sup>−11</sup>"),
        (9.99e-5, "1.0\u202f×\u202f10<sup>−4</sup>"),
        (3e-310, "3.0\u202f×\u202f10<sup>−310</sup>"),
        (0.0, "&lt;\u202f10<sup>−300</sup>"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_p_values(value: float | None, text: str) -> None:
    assert pvalue(value) == text


def test_signs_and_unknowns() -> None:
    assert fixed(-0.42, 2) == "−0.42"
    assert fixed(-0.0001, 2) == "0.00"
    assert fixed(math.nan) == "–"
    assert percent(0.1234, 1) == "12.3\u202f%"
    assert interval([0.9, 0.95]) == "0.90–0.95"
    assert interval(None) == "" == interval([None, 1])


def test_words() -> None:
    assert plural(1, "matrix", "matrices") == "1 matrix"
    assert plural(2000, "matrix", "matrices") == "2,000 matrices"
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert size(1_400_000) == "1.4 MB"


def test_a_place_is_shown_one_based_and_closed() -> None:
    assert locus("chr6", 0, 100) == "chr6:1–100"
    assert locus("chr6", 999, 1600, "-") == "chr6:1,000–1,600 (−)"
    assert locus(None, 1, 2) == ""


def test_shortening_keeps_both_ends() -> None:
    assert shorten("abcdefgh", 8) == "abcdefgh"
    assert shorten("abcdefghi", 5) == "ab…hi"
    assert all(len(shorten("x" * 50, n)) == n for n in range(3, 30))


def test_ticks_are_round_and_inside() -> None:
    assert svg.nice_ticks(0, 1, 4) == [0, 0.25, 0.5, 0.75, 1.0]
    assert svg.nice_ticks(0, 600, 6) == [0, 100, 200, 300, 400, 500, 600]
    assert svg.nice_ticks(3, 3) == [3]
    assert svg.nice_ticks(math.nan, 1) == []


def test_a_line_breaks_where_a_value_is_missing() -> None:
    assert svg.polyline([0, 1, 2, 3], [0, math.nan, 2, 3], "c") == '<path d="M0 0M2 2L3 3" class="c"/>'
