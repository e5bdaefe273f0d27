"""The reference pages say what the code says."""

import json
import runpy
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel


def _first_column(markdown: Any, text: str) -> list[str]:
    return [row[0].strip("`") for row in markdown.tables(text)]


def test_the_command_line_page_is_what_the_program_gives(markdown: Any) -> None:
    generator = runpy.run_path(str(markdown.root / "docs/generate_cli.py"))
    assert markdown.read("docs/reference/cli.md") == generator["page"](), "run docs/generate_cli.py"
    assert len(list(generator["commands"]())) > 20


def test_the_exit_codes_page_is_the_table(markdown: Any) -> None:
    from lecs_pipeline.cli.exits import EXIT_CODES

    rows = markdown.tables(markdown.read("docs/reference/exit-codes.md"))
    assert {int(code): (name.strip("`"), meaning) for code, name, meaning in rows} == EXIT_CODES


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models_in(inner)


def _row_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        yield key
        for inner in _models_in(field.annotation):
            yield from _row_keys(inner, f"{key}.")


def test_the_rows_page_has_every_key_and_no_other(markdown: Any) -> None:
    from consent.rows import Row

    before_reasons = markdown.read("docs/reference/rows.md").split("## Reasons")[0]
    assert _first_column(markdown, before_reasons) == list(dict.fromkeys(_first_column(markdown, before_reasons)))
    assert set(_first_column(markdown, before_reasons)) == set(_row_keys(Row))


def test_the_rows_page_names_every_value(markdown: Any) -> None:
    from consent.redaction.labels import LABELS
    from substrate.record import vocabulary as words

    page = markdown.read("docs/reference/rows.md")
    lists = (
        words.Tier, words.Purpose, words.ContributorKind, words.RightsBasis, words.PartyMethod, words.Presence,
        words.SensitiveCategory,
    )  # fmt: skip
    values = [value for choices in lists for value in get_args(choices)]
    assert [value for value in [*values, *LABELS] if f"`{value}`" not in page] == []


def test_the_documents_page_has_every_kind_its_authority_and_its_keys(markdown: Any) -> None:
    from substrate.record.authority import AUTHORITY
    from substrate.record.kinds import KINDS, Envelope, is_private

    sections = markdown.sections(markdown.read("docs/reference/documents.md"))
    assert set(sections) - {"Documents"} == set(KINDS)
    envelope = {field.alias or name for name, field in Envelope.model_fields.items()} | {"type"}
    assert set(_first_column(markdown, sections["Documents"])) == envelope
    for kind, model in KINDS.items():
        keys = {field.alias or name for name, field in model.model_fields.items()} - envelope
        assert set(_first_column(markdown, sections[kind])) == keys, kind
        assert f"Signed by: {AUTHORITY[kind]}." in sections[kind], kind
        travels = sections[kind].split("Travels: ")[1]
        by_code = is_private({"type": kind, "authority": "withdrawal-key"})
        by_key = is_private({"type": kind, "authority": "contributor-key"})
        words = "private" if by_code else "public when" if by_key else "public"
        assert travels.startswith(words), kind
        assert travels.startswith("public when") == (by_key and not by_code), kind


def test_the_jobs_page_has_every_rule_and_every_bound(markdown: Any) -> None:
    from compute_mesh.jobs import asks, receipts, rules
    from compute_mesh.jobservice import states
    from substrate.record.schemas.jobs import JobManifest

    sections = markdown.sections(markdown.read("docs/reference/jobs.md"))

    def table(name: str) -> dict[str, str]:
        return {row[0].strip("`"): row[1] for row in markdown.tables(sections[name])}

    assert table("Refusals of a manifest") == rules.RULES
    assert table("Placement") == asks.REASONS
    assert table("Refusals of a receipt") == receipts.RULES
    assert table("How a job ends") == states.FAILURES
    final = {row[0].strip("`") for row in markdown.tables(sections["Placement"]) if row[2] == "refused"}
    assert final == asks.FINAL
    schema = JobManifest.model_json_schema()
    for key, least, most, _ in [row for row in markdown.tables(sections["Manifest"]) if len(row) == 4]:
        bounds = _bounds(schema, key.strip("`").split("."))
        assert (bounds["minimum"], bounds["maximum"]) == (int(least), int(most)), key


def _bounds(schema: dict[str, Any], path: list[str]) -> dict[str, Any]:
    """The least and the most that stand at ``path`` of a schema, through references, options and lists."""
    place = schema
    for step in path:
        while "properties" not in place:
            options = [one for one in place.get("anyOf", []) if one.get("type") != "null"]
            place = (
                options[0] if options else place["items"] if "items" in place else schema["$defs"][place["$ref"][8:]]
            )
        place = place["properties"][step]
    if place.get("type") == "array":
        return {"minimum": place.get("minItems", 0), "maximum": place["maxItems"]}
    options = [one for one in place.get("anyOf", []) if one.get("type") != "null"]
    found: dict[str, Any] = options[0] if options else place
    return found


def test_the_recipe_page_has_every_key_and_its_example_is_a_recipe(markdown: Any) -> None:
    from corpus.recipe import default_recipe, parse_recipe

    page = markdown.read("docs/reference/recipe.md")
    schema = json.loads((markdown.root / "corpus/recipe.schema.json").read_text())
    inner = {f"near_duplicates.{key}" for key in schema["properties"]["near_duplicates"]["properties"]}
    assert set(_first_column(markdown, page.split("```")[0])) == set(schema["properties"]) - {"near_duplicates"} | inner
    (example,) = [b for b in markdown.blocks(markdown.root / "docs/reference/recipe.md") if b.language == "yaml"]
    assert parse_recipe(example.code).seed == default_recipe().seed
    content = default_recipe().content()
    defaults = {row[0].strip("`"): row[1].strip("`") for row in markdown.tables(page.split("```")[0])}
    for key in ("temperature", "contributor_cap", "format"):
        assert defaults[key] == content[key]
    for key, value in content["near_duplicates"].items():
        assert defaults[f"near_duplicates.{key}"] == str(value)
    for word, weight in content["quality_weights"].items():
        assert f"{word}` {weight}" in defaults["quality_weights"]


def test_the_formats_page_has_the_columns_and_keys_of_the_code(markdown: Any) -> None:
    from corpus.export import SHARD_SCHEMA
    from corpus.manifest import manifest_content
    from corpus.version import MANIFEST_SCHEMA

    sections = markdown.sections(markdown.read("docs/reference/formats.md"))
    assert _first_column(markdown, sections["Dataset version"]) == MANIFEST_SCHEMA.names()
    body = {"recipe": "", "policy": "", "steps": {}, "root": "", "items": 0, "withdrawn": 0, "built_from": {}}
    keys = manifest_content(**body, files=[])  # type: ignore[arg-type]
    assert _first_column(markdown, sections["Export folder"]) == [*SHARD_SCHEMA.names(), *keys]


@pytest.mark.models
@pytest.mark.dagster
@pytest.mark.long  # A home with everything in it: row 1 of `make prove ISSUE=5`.
def test_the_formats_page_describes_a_real_home(markdown: Any, small_home: Any, call_lecs: Any, tmp_path: Path) -> None:
    sections = markdown.sections(markdown.read("docs/reference/formats.md"))
    listed = {cell.split("/")[0] for row in markdown.tables(sections["Home"]) for cell in row[0].split("`")[1::2]}
    found = {path.name for path in small_home.path.iterdir() if not path.name.startswith("ledger.sqlite3-")}
    assert found <= listed
    assert listed - found <= {"exports", "backups.json", "pending.key", "mesh"}
    receipt = next((small_home.path / "receipts").glob("*.json"))
    assert set(_first_column(markdown, sections["Receipt bundle"])) == set(json.loads(receipt.read_bytes()))
    file = tmp_path / "all.jsonl"
    call_lecs(small_home.path, "ledger", "export", str(file), "--with-vault")
    kinds = dict.fromkeys(next(iter(json.loads(line))) for line in file.read_text().splitlines())
    assert list(kinds) == _first_column(markdown, sections["Ledger export"])


def test_the_settings_page_names_what_the_environment_decides(markdown: Any) -> None:
    import re

    page = markdown.read("docs/reference/settings.md")
    rooms = ("substrate", "consent", "corpus", "assets", "lecs_pipeline")
    sources = [path.read_text("utf-8") for room in rooms for path in (markdown.root / room).rglob("*.py")]
    used = {name for text in sources for name in re.findall(r"\"((?:LECS|DAGSTER|HF|DO_NOT)_[A-Z_]+)\"", text)}
    assert {name for name in used if f"`{name}`" not in page} == set()
    assert "LECS_HOME" in used


def test_the_summary_in_the_readme_counts_what_the_archive_labels(markdown: Any) -> None:
    from collections import Counter

    archive = markdown.root / "examples" / "archive"
    labels = [json.loads(line) for line in (archive / "labels.jsonl").read_text("utf-8").splitlines()]
    letters = len([path for path in (archive / "letters").iterdir() if path.suffix in (".txt", ".md")])
    counts = Counter(label["expected"] for label in labels)
    line = (
        f"{len(labels) + letters} texts: {counts['accepted'] + letters} accepted, "
        f"{counts['held']} held for a person, {counts['refused']} refused"
    )
    assert line in markdown.read("README.md")
