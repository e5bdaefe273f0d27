"""Small pieces of Markdown that every document of a release shares: tables, and text that cannot break them."""

from collections.abc import Mapping


def table(title: str, counts: Mapping[str, int], heading: str = "Items") -> str:
    """A table of counts by value, sorted by value."""
    lines = [f"| {title} | {heading} |", "|---|---:|"]
    lines += [f"| {plain(value)} | {counts[value]:,} |" for value in sorted(counts)]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Text from outside on one line, so that it can neither break a table nor become a tag."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("`", "'")


def unescaped(cell: str) -> str:
    """What `plain` made of a cell, with its escapes taken back (white space and back-ticks stay as they are)."""
    return cell.strip().replace("\\|", "|").replace("&lt;", "<").replace("&amp;", "&")
