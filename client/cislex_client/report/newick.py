"""Trees in Newick format: reading, keeping some of the leaves, and drawing from left to right."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cislex_client.report import svg

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[^\s()',:;]+|[(),:;])")


@dataclass
class Node:
    """A leaf (``name``) or an inner node; ``length`` is that of the branch above it."""

    name: str = ""
    length: float = 0.0
    children: list[Node] = field(default_factory=list)

    def leaves(self) -> list[Node]:
        """Leaves from top to bottom."""
        if not self.children:
            return [self]
        return [leaf for child in self.children for leaf in child.leaves()]


def parse(text: str) -> Node:
    """Read one tree. Raises ValueError for text that is none."""
    tokens = _TOKEN.findall(text)
    node, at = _node(tokens, 0)
    if at >= len(tokens) or tokens[at] != ";":
        raise ValueError("a Newick tree ends with a semicolon")
    return node


def _node(tokens: list[str], at: int) -> tuple[Node, int]:
    node = Node()
    if at < len(tokens) and tokens[at] == "(":
        while tokens[at] in "(,":
            child, at = _node(tokens, at + 1)
            node.children.append(child)
            if at >= len(tokens):
                raise ValueError("a bracket of the tree is not closed")
        if tokens[at] != ")":
            raise ValueError(f"{tokens[at]!r} stands where the tree needs a comma or a bracket")
        at += 1
    if at < len(tokens) and tokens[at] not in "(),:;":
        node.name = tokens[at].strip("'").replace("''", "'")
        at += 1
    if at < len(tokens) and tokens[at] == ":":
        node.length = float(tokens[at + 1])
        at += 2
    return node, at


def prune(node: Node, keep: set[str]) -> Node | None:
    """The tree of the leaves in ``keep``: an inner node of one child is joined with it. None when none is left."""
    if not node.children:
        return Node(node.name, node.length) if node.name in keep else None
    children = [kept for child in node.children if (kept := prune(child, keep)) is not None]
    if not children:
        return None
    if len(children) == 1:
        children[0].length += node.length
        return children[0]
    return Node(node.name, node.length, children)


def draw(root: Node, width: float, row: float, left: float = 8.0) -> tuple[str, dict[str, float], float]:
    """Lines of the tree, the height y of each leaf by name, and the x at which labels begin."""
    ys = {leaf.name: row * (i + 0.5) for i, leaf in enumerate(root.leaves())}
    deepest = max(_depths(root, 0.0)) or 1.0
    scale = width / deepest
    body: list[str] = []

    def place(node: Node, depth: float) -> float:
        x = left + depth * scale
        if not node.children:
            return ys[node.name]
        heights = []
        for child in node.children:
            y = place(child, depth + child.length)
            body.append(svg.line(x, y, left + (depth + child.length) * scale, y, "branch"))
            heights.append(y)
        body.append(svg.line(x, heights[0], x, heights[-1], "branch"))
        return (heights[0] + heights[-1]) / 2

    place(root, 0.0)
    return "".join(body), ys, left + width + 8.0


def _depths(node: Node, depth: float) -> list[float]:
    if not node.children:
        return [depth]
    return [value for child in node.children for value in _depths(child, depth + child.length)]
