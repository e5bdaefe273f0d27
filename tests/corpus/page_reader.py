"""Reads a static page as assistive software does, and checks the rules that a machine can check."""

from collections import Counter
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "hr"}


class Reader(HTMLParser):
    """Walks a page as assistive software does: elements in order, with their attributes and text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text = [], [], ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data + " "

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def check_accessible(html):
    """The rules that a machine can check of a static page."""
    read = Reader(html)
    tags = Counter(name for name, _ in read.elements)
    assert html.startswith("<!DOCTYPE html>")
    assert read.all("html") == [{"lang": "en"}]
    assert tags["h1"] == tags["main"] == tags["title"] - tags["svg"] == 1
    assert all(attrs.get("role") == "img" for attrs in read.all("svg"))
    assert not tags.keys() & {"script", "iframe", "object", "link", "img", "form"}
    assert not any(key.startswith("on") for _, attrs in read.elements for key in attrs)
    assert tags["caption"] == tags["table"]
    assert all(attrs.get("scope") in ("row", "col") for attrs in read.all("th"))
    ids = [attrs["id"] for _, attrs in read.elements if "id" in attrs]
    assert len(set(ids)) == len(ids)
    assert all(attrs["href"].removeprefix("#") in ids for attrs in read.all("a"))
    assert read.elements[next(i for i, (name, _) in enumerate(read.elements) if name == "body") + 1][0] == "a"
    scrolling = [attrs for attrs in read.all("div") if attrs.get("class") == "scroll"]
    assert all(attrs["tabindex"] == "0" and attrs["role"] == "region" and attrs["aria-label"] for attrs in scrolling)
    return read
