"""The report: one self-contained HTML file made from the files of a result folder."""

from __future__ import annotations

from cislex_client.report.logo import logo_svg
from cislex_client.report.render import render

__all__ = ["logo_svg", "render"]
