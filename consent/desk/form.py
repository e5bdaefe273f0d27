"""Reading a form: strict UTF-8, few fields, no files (a file part would be spooled to disk)."""

from typing import Final
from urllib.parse import parse_qsl

from consent.desk.trouble import Trouble

FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 200


class Form:
    """The fields of one post."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        """``fields`` go from a name to its values, in order."""
        self._fields = fields

    def one(self, name: str) -> str:
        """The value of a field that is given once; the empty string when it is not.

        Raises:
            Trouble: 400, when it is given more than once.
        """
        values = self._fields.get(name, [""])
        if len(values) != 1:
            raise Trouble(400)
        return values[0]

    def many(self, name: str) -> list[str]:
        """All values of a field, each once."""
        return list(dict.fromkeys(self._fields.get(name, [])))


def read_form(body: bytes, content_type: str) -> Form:
    """The fields of a posted form.

    Raises:
        Trouble: 415 for another type, 400 for what is not ASCII with UTF-8 escapes.
    """
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise Trouble(415)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise Trouble(400) from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return Form(fields)
