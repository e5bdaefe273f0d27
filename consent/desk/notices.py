"""A notice as parts of a page. Notices use few forms of Markdown: a heading, paragraphs, items, stress."""


def parts(text: str) -> list[tuple[str, str]]:
    """(tag, words) in order: ``h1``, ``p`` or ``li``; marks of stress are left out."""
    found: list[tuple[str, str]] = []
    inside = ""
    for line in text.split("\n"):
        if not line.strip():
            inside = ""
        elif line.startswith("# "):
            found.append(("h1", line[2:]))
            inside = ""
        elif line.startswith("- "):
            found.append(("li", line[2:]))
            inside = "li"
        elif inside == "p" or (inside == "li" and line.startswith("  ")):
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        else:
            found.append(("p", line.strip()))
            inside = "p"
    return [(tag, words.replace("**", "").replace("*", "")) for tag, words in found]
