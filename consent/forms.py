"""Consent forms: the same keys as a row, for rows that lack them. Nothing in an empty form is preselected."""

from typing import Any, Final

from consent.rows import Row
from substrate.record.canonical import JsonObject, check_profile
from substrate.record.errors import MalformedDocument
from substrate.record.plain_yaml import NotPlainYaml, load_plain


class InvalidForm(ValueError):
    """A form that cannot be used; the message says why."""


#: Dotted key, question, what may be answered (empty: free), and how the answer is read.
QUESTIONS: Final[tuple[tuple[str, str, tuple[str, ...], str], ...]] = (
    ("language", "Language of the text (BCP 47, such as en or es-MX)", (), "text"),
    ("domain", "What is it (a short word, such as kitchen-table, letter, oral-history)", (), "text"),
    (
        "tier",
        "Who may have it: public (people read it), training-only (a model may still give away parts of it), "
        "federated (it stays on this machine)",
        ("public", "training-only", "federated"),
        "text",
    ),
    (
        "purposes",
        "What may it be used for (several, with commas)",
        ("train", "evaluate", "retrieve", "publish-text"),
        "list",
    ),
    ("licence", "Licence (such as CC-BY-4.0, or LicenseRef-P2PLECS-Training-1.0)", (), "text"),
    (
        "contributor.kind",
        "How do you want to be known",
        ("heteronym", "pseudonym", "orcid", "anonymous"),
        "text",
    ),
    ("contributor.name", "Under which name (none for anonymous)", (), "text"),
    (
        "rights.basis",
        "On what ground do you give it",
        ("author", "rights-holder", "public-domain", "reader"),
        "text",
    ),
    ("people.conversation", "Do other people speak in it", ("yes", "no"), "flag"),
    ("people.parties", "How many people in all (you included)", (), "number"),
    ("people.method", "How did they agree", ("all-party-consent", "redacted"), "text"),
    ("people.consents", "Who else said yes (names, with commas)", (), "list"),
    ("declared.adult", "Are you an adult", ("yes", "no"), "flag"),
    ("declared.minors", "Does it tell of minors", ("none", "present"), "text"),
    ("declared.students", "Does it tell of pupils or students", ("none", "present"), "text"),
    (
        "declared.sensitive",
        "Sensitive matters in it (with commas): none, health, ethnicity, politics, religion, trade-union, "
        "genetic, biometric, sex-life, criminal, secrets-of-others",
        (),
        "sensitive",
    ),
    ("notice", "Version of the notice that was read", (), "text"),
)

_HEAD: Final = """\
# Consent form for `lecs contribute SOURCE --consent THIS-FILE`.
# The answers count for rows that do not bring their own. Nothing is preselected: a key that stays empty is
# not answered, and rows that need it are refused. Lines with a # are the questions; write the answer after
# the colon below each.
"""


def empty_form() -> str:
    """A form to fill in, as YAML."""
    lines, group = [_HEAD], ""
    for key, question, choices, _ in QUESTIONS:
        parent, _, leaf = key.rpartition(".")
        if parent and parent != group:
            lines.append(f"{parent}:")
        group = parent
        indent = "  " if parent else ""
        lines.append(f"{indent}# {question}{': ' + ', '.join(choices) if choices else ''}")
        lines.append(f"{indent}{leaf}:")
    return "\n".join(lines) + "\n"


def read_form(text: str) -> JsonObject:
    """The answers of a form; keys without an answer are left out.

    Raises:
        InvalidForm: not YAML, or a key that rows do not have.
    """
    try:
        loaded = load_plain(text) or {}
    except NotPlainYaml as error:
        raise InvalidForm(f"the consent form is or holds what is not read: {error}") from None
    if not isinstance(loaded, dict):
        raise InvalidForm("the consent form must hold keys and answers")
    known = {field.alias or name for name, field in Row.model_fields.items()} - {"text"}
    if set(loaded) - known:
        raise InvalidForm(f"the consent form has a key that rows do not have; they have {', '.join(sorted(known))}")
    answers: JsonObject = _answered(loaded)
    try:
        check_profile(answers)
    except MalformedDocument as error:
        raise InvalidForm(f"the consent form holds {error}") from None
    return answers


def ask_missing(missing: list[str], form: JsonObject) -> JsonObject:
    """Ask for missing keys on a terminal; returns the form with the answers."""
    import typer

    answers: JsonObject = {k: dict(v) if isinstance(v, dict) else v for k, v in form.items()}
    for key, question, choices, kind in QUESTIONS:
        if not _is_asked(key, missing, answers):
            continue
        shown = f"{question}{' [' + '/'.join(choices) + ']' if choices else ''}"
        value = _read(typer.prompt(shown, default="", show_default=False, err=True).strip(), kind)
        if value is not None:
            parent, _, leaf = key.rpartition(".")
            (answers.setdefault(parent, {}) if parent else answers)[leaf] = value
    return answers


def _is_asked(key: str, missing: list[str], answers: JsonObject) -> bool:
    """A key is asked when it or its part is missing, and when an answer before made it necessary."""
    parent = key.rpartition(".")[0]
    wanted = key in missing or parent in missing
    if key == "contributor.name":
        return answers.get("contributor", {}).get("kind") != "anonymous" and (
            wanted or "name" not in answers.get("contributor", {})
        )
    if key in ("people.parties", "people.method", "people.consents"):
        people = answers.get("people", {})
        return bool(people.get("conversation")) and key.rpartition(".")[2] not in people
    return wanted


def _read(answer: str, kind: str) -> Any:
    if not answer:
        return None
    parts = [part.strip() for part in answer.split(",") if part.strip()]
    if kind == "flag":
        return {"yes": True, "y": True, "no": False, "n": False}.get(answer.lower(), answer)
    if kind == "number":
        return int(answer) if answer.isdigit() else answer
    if kind == "sensitive":
        return "none" if parts == ["none"] else parts
    return parts if kind == "list" else answer


def _answered(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _answered(v) for k, v in value.items() if v is not None and _answered(v) != {}}
    return value
