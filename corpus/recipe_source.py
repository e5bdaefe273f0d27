"""From the YAML of a recipe to plain content and the place where each key stands.

Values are taken as they are written: `0.70` never passes through a binary float, and the language `no` stays
Norwegian. Only mappings two levels deep with plain values are read; the rest is refused by name.
"""

from typing import Final

import yaml

from corpus.errors import InvalidRecipe
from substrate.record.plain_yaml import NotPlainYaml, compose_plain

Path = tuple[str, ...]
Place = tuple[int, int]
Source = dict[str, str | dict[str, str]]

MAX_CHARACTERS: Final = 64 * 1024


def read_source(yaml_text: str) -> tuple[Source, dict[Path, Place]]:
    """The strings of a recipe, and the (line, column) of each path, both counted from 1.

    Raises:
        InvalidRecipe: not YAML, not a mapping, a key given twice, a list or a deeper level.
    """
    if len(yaml_text) > MAX_CHARACTERS:
        raise InvalidRecipe("", f"must be at most {MAX_CHARACTERS} characters")
    root = _compose(yaml_text)
    if not isinstance(root, yaml.MappingNode):
        raise InvalidRecipe("", "must be a mapping of keys to values", *_place(root))
    places: dict[Path, Place] = {(): _place(root)}
    source: Source = {}
    for key, node in _entries(root, (), places):
        if isinstance(node, yaml.MappingNode):
            source[key] = {inner: _scalar(child, (key, inner)) for inner, child in _entries(node, (key,), places)}
        else:
            source[key] = _scalar(node, (key,))
    return source, places


def _compose(yaml_text: str) -> yaml.Node | None:
    try:
        return compose_plain(yaml_text)
    except NotPlainYaml as error:
        raise InvalidRecipe("", f"must be one YAML document without tricks; it is or holds: {error}") from None


def _entries(mapping: yaml.MappingNode, above: Path, places: dict[Path, Place]) -> list[tuple[str, yaml.Node]]:
    entries: list[tuple[str, yaml.Node]] = []
    for key_node, node in mapping.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise InvalidRecipe(".".join(above), "must have plain words as keys", *_place(key_node))
        path = (*above, key_node.value)
        if path in places:
            raise InvalidRecipe(".".join(path), "must be given only once", *_place(key_node))
        places[path] = _place(node)
        entries.append((key_node.value, node))
    return entries


def _scalar(node: yaml.Node, path: Path) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise InvalidRecipe(".".join(path), "must be one value, not a list or a deeper level", *_place(node))
    return str(node.value)


def _place(node: yaml.Node | None) -> Place:
    return (node.start_mark.line + 1, node.start_mark.column + 1) if node is not None else (1, 1)
