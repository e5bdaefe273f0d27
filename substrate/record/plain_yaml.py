"""YAML that means only what it shows: for forms, charters and recipes that people write.

No aliases (a few lines of them can stand for gigabytes), no tags, no key twice, no depth, no dates.
"""

from typing import Any, Final

import yaml

MAX_YAML_CHARACTERS: Final = 256 * 1024
MAX_YAML_DEPTH: Final = 16


class NotPlainYaml(ValueError):
    """The text is not YAML, or uses what is not read; the message says what and where, never the text."""


def compose_plain(text: str) -> yaml.Node | None:
    """The nodes of one document.

    Raises:
        NotPlainYaml: naming the rule, the line and the column.
    """
    if len(text) > MAX_YAML_CHARACTERS:
        raise NotPlainYaml(f"longer than {MAX_YAML_CHARACTERS} characters")
    try:
        _refuse_tricks(text)
        return yaml.compose(text, Loader=_PlainDates)
    except yaml.YAMLError as error:
        raise NotPlainYaml(f"not YAML{_place(getattr(error, 'problem_mark', None))}") from None


def load_plain(text: str) -> Any:
    """The values of one document; None when it is empty.

    Raises:
        NotPlainYaml: see `compose_plain`; or a key twice, or a number that cannot be read.
    """
    node = compose_plain(text)
    if node is None:
        return None
    _refuse_double_keys(node)
    try:
        return _PlainDates("").construct_document(node)
    except yaml.YAMLError as error:
        raise NotPlainYaml(f"not YAML{_place(getattr(error, 'problem_mark', None))}") from None
    except (ValueError, TypeError, ArithmeticError, LookupError):
        raise NotPlainYaml("a number that cannot be read") from None


def _refuse_tricks(text: str) -> None:
    """Look at the events, before nodes are made of them."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        place = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise NotPlainYaml(f"an alias or anchor{place}: write the value out")
        if getattr(event, "tag", None) is not None:
            raise NotPlainYaml(f"a tag{place}: leave it out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_YAML_DEPTH:
            raise NotPlainYaml(f"nested deeper than {MAX_YAML_DEPTH} levels{place}")


def _refuse_double_keys(root: yaml.Node) -> None:
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if len(set(keys)) != len(keys):
                raise NotPlainYaml(f"a key given twice in the part{_place(node.start_mark)}")
            stack.extend(child for pair in node.value for child in pair)
        elif isinstance(node, yaml.SequenceNode):
            stack.extend(node.value)


def _place(mark: Any) -> str:
    return f" at line {mark.line + 1} column {mark.column + 1}" if mark is not None else ""


class _PlainDates(yaml.SafeLoader):
    """YAML without dates: `expires: 2031-01-01` stays text, as in a row."""


_PlainDates.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
