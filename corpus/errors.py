"""What can be wrong in this room, by the rule that was broken. No message ever quotes a text."""


class CorpusError(Exception):
    """The base of every broken rule of the corpus."""


class InvalidItem(CorpusError):
    """An item whose fields contradict each other or lie outside the vocabulary."""


class InvalidManifest(CorpusError):
    """A manifest that lacks a column, repeats a row or holds a value that no version may hold."""


class InvalidRecipe(CorpusError):
    """A recipe that breaks a rule: which key, where it stands (when it came as a file), what is allowed."""

    def __init__(self, key: str, allowed: str, line: int = 0, column: int = 0) -> None:
        """``key`` is dotted, "" for the whole; ``line`` and ``column`` count from 1, 0 is unknown."""
        self.key = key
        self.allowed = allowed
        self.line = line
        self.column = column
        where = f" (line {line}, column {column})" if line else ""
        super().__init__(f"recipe: {key or 'the document'}{where}: {allowed}")
