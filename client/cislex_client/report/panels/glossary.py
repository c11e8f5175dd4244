"""The glossary: every number of the report leads here, to what it is and how it is computed."""

from __future__ import annotations

from cislex_client.report.panels.base import Section

# key, word, HTML. In the order in which the report meets them.
ENTRIES: tuple[tuple[str, str, str], ...] = (
    ("ledger", "Drop ledger", "One row per input row: used, or left out for the first reason that applies. Nothing disappears silently."),
    (
        "loss", "Loss", "Cross-entropy: <i>−</i>mean of ln <i>p</i>(true class). 0.69 = ln 2 is what guessing gives with two equal classes.",
    ),
    ("accuracy", "Accuracy", "Share of sequences whose class with <i>p</i> &gt; 0.5 is the true one: (TP + TN) / <i>n</i>. With two equal classes guessing gives 0.5."),
    ("confusion", "Confusion matrix", "Rows: true class; columns: predicted class. The diagonal is right."),
    ("precision", "Precision", "Of the sequences called a class, the share that is: TP / (TP + FP)."),
    ("recall", "Recall", "Of the sequences of a class, the share that is found: TP / (TP + FN)."),
    ("f1", "F1", "Harmonic mean of the two: 2 · precision · recall / (precision + recall)."),
    (
        "auroc", "AUROC",
        "Area under the ROC curve: the probability that a random WT sequence gets a higher score than a random KO sequence (ties count "
        "half). 0.5 is chance, 1 is perfect. This report's words: below 0.6 barely, below 0.7 weakly, below 0.8 moderately well, "
        "below 0.9 well, from 0.9 very well.",
    ),
    ("auprc", "AUPRC", "Area under the precision–recall curve for WT. Chance is WT's share of the sequences, not 0.5."),
    (
        "calibration", "Calibration",
        "Sequences are put into bins by predicted probability; in each bin the mean prediction is compared with the observed share of "
        "WT. Expected calibration error: Σ <i>n</i><sub>bin</sub>/<i>n</i> · |observed − predicted|.",
    ),
    (
        "baselines", "Baselines",
        "Two simple predictors on the same split: GC content alone, and logistic regression on the counts of 6-mers (a word and its "
        "reverse complement counted as one). A network that does not beat them has learned nothing that they do not show.",
    ),
    (
        "bootstrap", "95 % interval",
        "The test sequences are drawn again many times, by whole chromosomes or (where fewer than three are tested) by runs of "
        "neighbours rather than one by one, for neighbours are alike; the metric is computed each time, and the interval runs from "
        "the 2.5th to the 97.5th percentile. The report names the blocks that were used.",
    ),
    (
        "importance", "Importance (saliency)",
        "<i>M<sub>i</sub></i> = max over A, C, G, T of |∂<i>f</i>/∂<i>X<sub>i</sub></i>|: how strongly the logit <i>f</i> reacts to "
        "position <i>i</i>, whichever way (WTKO-CNN, Eqs. 1 and 2). Other methods: |attribution of the observed base|.",
    ),
    (
        "projected", "Attribution of the observed base",
        "The score of every possible base at a position (gradient, with its mean over the four bases subtracted where gradient "
        "correction is on; Majdandzic et al. 2023), taken at the base that is there. Positive speaks for the class explained "
        "(WT for the WT − KO logit). A mark above the letters says that a named motif reaches at least 80 % of its best "
        "possible log-odds score there.",
    ),
    (
        "cluster", "Cluster",
        "Salient k-mers that look alike, by agglomerative clustering. The largest cluster is called primary. A cluster's class is WT "
        "or KO when the share of its k-mers from that class differs from the share among all k-mers (exact binomial test, "
        "p ≤ 0.01), else both.",
    ),
    (
        "bits", "Bits (information content)",
        "Per position 2 + Σ <i>p</i> log<sub>2</sub> <i>p</i>: 2 when always the same base, 0 when all four are equally likely. Logos "
        "are drawn to this scale: letter height = <i>p</i> · bits; no small-sample correction.",
    ),
    (
        "pvalue", "p",
        "Chance of a result at least as extreme if there were nothing. For a match: that a random matrix aligns as well with this "
        "known motif at its best offset and strand (Tomtom). For enrichment: of so uneven an occurrence by chance.",
    ),
    ("evalue", "E", "p × number of known motifs compared: how many matches as good as this chance alone would bring."),
    ("qvalue", "q", "The share of false ones expected among all results at least this good (Benjamini–Hochberg; for matches, per matrix)."),
    (
        "family", "Family and class",
        "JASPAR's classification of the factor. Members of a family bind nearly the same sequence: a match names the family with "
        "more certainty than the member.",
    ),
    ("recurrence", "Seeds in which a filter recurs", "Filters of all seeds are grouped by the similarity of their matrices; the number of seeds with at least one filter in the group."),
    (
        "effect", "Effect of a filter",
        "Change of the WT − KO logit when the filter's activations are set to zero, mean over sequences of WT and of KO, each class "
        "weighing the same. Negative: the filter speaks for WT.",
    ),
    ("activation", "Active in", "Share of the class's sequences in which the filter exceeds half of its own maximum at least once."),
    (
        "enrichment", "% of WT, % of KO",
        "Share of the class's sequences with at least one site of the motif on either strand whose log-odds score passes the "
        "threshold: fixed (the same chance per position for every motif) or best (where the classes differ most, corrected for "
        "the choice).",
    ),
    ("ranking", "Summed saliency", "Sum of the importance under every occurrence of the k-mer (a sliding window over all test sequences)."),
    (
        "recovered", "Recovered",
        "A planted motif is recovered when a discovered matrix has, at q ≤ 0.01, the planted motif or one of its family as best match.",
    ),
)  # fmt: skip


def panel() -> Section:
    """The section."""
    entries = "".join(f'<div id="g-{key}"><dt>{word}</dt><dd>{text}</dd></div>' for key, word, text in ENTRIES)
    return Section("glossary", "Glossary: what each number is", "Glossary", f'<dl class="glossary">{entries}</dl>')
