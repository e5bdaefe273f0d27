"""Static HTML pages for curators: no script, nothing loaded, headings and tables that a screen reader can walk.

Every table has a caption and headed rows; a wide one scrolls in a region that the keyboard reaches. Nothing is said
by colour alone. Contrast is at least 7 : 1 for text in both colour schemes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #ffffff; --line: #767676; --link: #0a3d7a; }
@media (prefers-color-scheme: dark) { :root { --ink: #f2f2f2; --paper: #161616; --line: #9a9a9a; --link: #a8ccff; } }
body { color: var(--ink); background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 60rem; padding: 1rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 0 0 1.5rem; }
caption { text-align: left; font-weight: bold; padding: 0.25rem 0; }
th, td { border: 1px solid var(--line); padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
code { overflow-wrap: anywhere; }
svg text { fill: currentColor; }
""".strip()
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: ``anchor`` is a plain word, ``body`` is HTML made by this module's functions."""

    anchor: str
    title: str
    body: str


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """A whole page; ``title`` and ``lead`` are plain text."""
    links = "".join(f'<li><a href="#{s.anchor}">{escape(s.title)}</a></li>' for s in sections)
    parts = "\n".join(
        f'<section aria-labelledby="{s.anchor}">\n<h2 id="{s.anchor}">{escape(s.title)}</h2>\n{s.body}\n</section>'
        for s in sections
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{_STYLE}
</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<h1>{escape(title)}</h1>
<p>{escape(lead)}</p>
<nav aria-label="Sections"><ul>{links}</ul></nav>
</header>
<main id="main" tabindex="-1">
{parts}
</main>
</body>
</html>
"""


def paragraph(text: str) -> str:
    """Plain text as a paragraph."""
    return f"<p>{escape(text)}</p>"


def table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str | int]]) -> str:
    """A table whose first column names the row; numbers are set with commas. A sentence when there is no row."""
    if not rows:
        return paragraph(f"{caption}: none.")
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "\n".join(f"<tr>{_row(row)}</tr>" for row in rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}">\n<table>\n'
        f"<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n"
        "</table>\n</div>"
    )


def _row(row: Sequence[str | int]) -> str:
    first, *others = row
    return f'<th scope="row">{_shown(first)}</th>' + "".join(
        f'<td class="number">{_shown(cell)}</td>' if isinstance(cell, int) else f"<td>{_shown(cell)}</td>"
        for cell in others
    )


def _shown(cell: str | int) -> str:
    return f"{cell:,}" if isinstance(cell, int) else escape(cell)
