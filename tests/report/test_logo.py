"""Logos: letter outlines that fill their box, heights by Schneider and Stephens, valid standalone SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from cislex_client.report.glyphs import COLOURS, LETTERS, OUTLINES
from cislex_client.report.logo import information_heights, logo_svg, stacks

SVG = "{http://www.w3.org/2000/svg}"


def boxes(drawing: str) -> list[tuple[str, float, float, float, float]]:
    """(letter, x, y, width, height) of every letter drawn."""
    found = re.findall(r'href="#nt-(.)"[^>]*transform="matrix\(([^ ]+) 0 0 ([^ ]+) ([^ ]+) ([^)]+)\)"', drawing)
    return [(b, float(x), float(y), 100 * float(w), 100 * float(h)) for b, w, h, x, y in found]


def test_outlines_reach_every_edge_of_their_box() -> None:
    for letter in "ATN":
        numbers = [float(v) for v in re.findall(r"-?\d+\.?\d*", re.sub(r"([HV])", r" \1", OUTLINES[letter]))]
        assert (min(numbers), max(numbers)) == (0, 100), letter
    # C and G are drawn with elliptic arcs about (52, 50): the left, upper and lower extremes lie on the ellipse.
    for letter in "CG":
        assert "A52 50 0 1 0" in OUTLINES[letter]
    assert set(OUTLINES) == set(LETTERS) == set(COLOURS)


def test_heights_are_probability_times_information() -> None:
    heights = information_heights([[1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 0, 0], [0.7, 0.1, 0.1, 0.1]])
    assert np.allclose(heights[0], [2, 0, 0, 0])
    assert np.allclose(heights[1], 0)
    assert np.allclose(heights[2], [0.5, 0.5, 0, 0])
    bits = 2 + 0.7 * np.log2(0.7) + 0.3 * np.log2(0.1)
    assert np.allclose(heights[3], bits * np.array([0.7, 0.1, 0.1, 0.1]))


def test_counts_and_probabilities_give_the_same_logo() -> None:
    counts = np.array([[8, 1, 1, 0], [0, 0, 10, 0]])
    assert logo_svg(counts, title="m") == logo_svg(counts / counts.sum(1, keepdims=True), title="m")


def test_a_row_of_zeros_is_flat_and_not_a_division_by_zero() -> None:
    assert np.allclose(information_heights([[0, 0, 0, 0]]), 0)


@pytest.mark.parametrize(
    "bad", [np.zeros((0, 4)), np.ones((3, 5)), [[1.0, -0.1, 0, 0]], [[np.nan, 0, 0, 1]], [1, 2, 3, 4]]
)
def test_what_is_no_matrix_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="logo"):
        information_heights(bad)  # type: ignore[arg-type]


def test_a_logo_file_is_valid_xml_and_stands_alone() -> None:
    text = logo_svg([[0.9, 0.05, 0.03, 0.02], [0, 0, 1, 0]], title='A <"weird"> & name')
    root = ET.fromstring(text)
    assert root.tag == SVG + "svg"
    assert root.find(SVG + "title").text == 'A <"weird"> & name'  # type: ignore[union-attr]
    ids = {node.get("id") for node in root.iter() if node.get("id")}
    used = {node.get("href", "").lstrip("#") for node in root.iter(SVG + "use")}
    assert used
    assert used <= ids
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_letters_of_a_column_stack_upwards_with_the_likeliest_on_top() -> None:
    drawn = boxes(stacks(information_heights([[0.8, 0.2, 0, 0]]), 0, 100, 20, 50))
    assert [b for b, *_ in drawn] == ["C", "A"]
    (_, _, y_c, _, h_c), (_, _, y_a, _, h_a) = drawn
    assert y_c + h_c == pytest.approx(100, abs=0.01)
    assert y_a + h_a == pytest.approx(y_c, abs=0.01)
    assert h_a == pytest.approx(4 * h_c, rel=0.01)


def test_negative_heights_hang_below_the_line() -> None:
    ((letter, x, y, width, height),) = boxes(stacks([[0, 0, -2.0, 0]], 10, 50, 10, 5))
    assert (letter, y) == ("G", 50.0)
    assert height == pytest.approx(10)
    assert x > 10
    assert x + width < 20


def test_the_reverse_complement_is_the_mirrored_logo() -> None:
    matrix = np.array([[0.9, 0.1, 0, 0], [0, 0.2, 0.8, 0], [0.1, 0.1, 0.1, 0.7]])
    assert np.allclose(information_heights(matrix[::-1, ::-1]), information_heights(matrix)[::-1, ::-1])
