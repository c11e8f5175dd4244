"""Contig names under other names, and which chromosomes are chosen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cislex_core.errors import Reason, UserError
from cislex_encoder import aliases, splits

YEAST = {
    f"chr{roman}": 2_000_000
    for roman in [
        "I",
        "II",
        "III",
        "IV",
        "V",
        "VI",
        "VII",
        "VIII",
        "IX",
        "X",
        "XI",
        "XII",
        "XIII",
        "XIV",
        "XV",
        "XVI",
        "M",
    ]
}
HUMAN = {f"chr{name}": 250_000_000 for name in [*range(1, 23), "X", "Y", "M"]}


@pytest.mark.parametrize(
    ("name", "key"),
    [("chr1", "1"), ("1", "1"), ("Chr01", "1"), ("chromosome_2", "2"), ("NC_000023.11", "x"), ("NC_000067.7", "1"),
     ("NC_001133.9", "1"), ("MT", "m"), ("chrM", "m"), ("Mito", "m"), ("chr2L", "2l"), ("NT_033779.5", "2l"),
     ("chr0", "0"), ("KI270728.1", "ki270728.1")],
)  # fmt: skip
def test_keys(name: str, key: str) -> None:
    assert aliases.key(name) == key


def test_numbers_are_read_as_roman_only_where_the_genome_is_roman() -> None:
    proposal = aliases.propose({"chr10": 5, "chr5": 5, "mitochondrion": 5, "chr17": 5}, YEAST)
    assert proposal.mapping == {"chr10": "chrX", "chr5": "chrV", "mitochondrion": "chrM"}
    assert proposal.unresolved == ["chr17"]
    assert aliases.propose({"X": 5, "10": 5}, HUMAN).mapping == {"X": "chrX", "10": "chr10"}
    roman_peaks = aliases.propose({"II": 5, "III": 5, "IV": 5, "X": 5}, {str(n): 99 for n in range(1, 17)})
    assert roman_peaks.mapping == {"II": "2", "III": "3", "IV": "4", "X": "10"}


def test_a_map_is_one_to_one_and_must_fit() -> None:
    assert aliases.propose({"chr1": 5, "1": 5}, {"chr1": 10}).mapping == {}
    assert aliases.propose({"1": 50}, {"chr1": 10}).mapping == {}
    assert aliases.propose({"1": 5}, {"chr1": 10, "Chr01": 10}).mapping == {}


def test_names_in_split_options() -> None:
    assert aliases.resolve("6", HUMAN) == "chr6"
    assert aliases.resolve("chrX", HUMAN) == "chrX"
    assert aliases.resolve("4", YEAST) == "chrIV"
    assert aliases.resolve("chrX", YEAST) == "chrX"
    assert aliases.resolve("99", HUMAN) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [("chr1\n", "one name only"), ("chr1\tchr2\n", "two contigs of the genome"), ("a\tb\n", "names no contig")],
)
def test_alias_tables_that_cannot_be_used(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(text)
    with pytest.raises(UserError, match=words) as caught:
        aliases.read_table(path, HUMAN)
    assert caught.value.reason is Reason.INVALID_TABLE


def _plan(sizes: list[int], **options: list[str]) -> splits.SplitPlan:
    names = [f"c{number}" for number in range(len(sizes))]
    counts = {name: (size // 2, size - size // 2) for name, size in zip(names, sizes, strict=True)}
    return splits.plan(counts, names, options.get("test", []), options.get("validation", []), paper=False)


def test_the_nearest_share_is_chosen_with_as_few_chromosomes_as_do() -> None:
    plan = _plan([400, 300, 150, 100, 50])
    assert (plan.chroms(splits.TEST), plan.chroms(splits.VALIDATION)) == (["c2"], ["c3"])
    small = _plan([20] * 50)
    assert len(small.chroms(splits.TEST)) == 3  # 6 %: the most that three give
    assert plan.how == [
        "test = c2: chosen, 15.0% of the rows",
        "validation = c3: chosen, 11.8% of the rows outside test",
    ]


def test_what_is_named_is_taken_and_the_rest_chosen_around_it() -> None:
    plan = _plan([400, 300, 150, 100, 50], test=["c0"])
    assert plan.chroms(splits.TEST) == ["c0"]
    assert plan.chroms(splits.VALIDATION) == ["c4"]
    plan = _plan([400, 300, 150, 100, 50], validation=["c2"])
    assert plan.chroms(splits.VALIDATION) == ["c2"]
    assert "c2" not in plan.chroms(splits.TEST)


def test_mice_are_recognised() -> None:
    mouse = [f"chr{name}" for name in [*range(1, 20), "X", "Y"]]
    assert splits.looks_like_mouse(mouse)
    assert splits.looks_like_mouse([name.removeprefix("chr") for name in mouse])
    assert not splits.looks_like_mouse([*mouse, "chr20"])
    assert not splits.looks_like_mouse(list(YEAST))


def test_choosing_among_many_contigs_is_quick_and_balanced() -> None:
    rng = np.random.default_rng(0)
    plan = _plan(rng.integers(2, 60, 3000).tolist())
    assert len(plan.chroms(splits.TEST)) == 3
