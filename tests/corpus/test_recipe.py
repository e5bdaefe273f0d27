import copy
import json
from decimal import Decimal
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import InvalidRecipe
from corpus.recipe import Recipe, default_recipe, default_recipe_text, parse_recipe
from substrate.record.canonical import check_profile, digest

SCHEMA = json.loads(files("corpus").joinpath("recipe.schema.json").read_text("utf-8"))


def _schema_accepts(content):
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(content)


def test_the_default_recipe_is_valid_content():
    """It fits the schema and the record's profile, and its digest is its identity."""
    recipe = default_recipe()
    content = recipe.content()
    check_profile(content)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(content, SCHEMA)
    assert Recipe.from_content(content) == recipe
    assert recipe.identity == digest(content)


def test_spelling_does_not_change_the_identity():
    """0.10 and 0.1 are one number, however the YAML spells it."""
    text = default_recipe_text()
    again = text.replace("contributor_cap: 0.1", 'contributor_cap: "0.100"')
    assert again != text
    assert parse_recipe(again).identity == parse_recipe(text).identity


def test_norwegian_stays_a_language():
    """YAML 1.1 reads a bare `no` as false; a recipe does not."""
    text = default_recipe_text().replace("language_floors: {}", "language_floors: {no: 0.1}")
    assert parse_recipe(text).language_floors == {"no": Decimal("0.1")}


@pytest.mark.parametrize(
    ("old", "new", "key", "marked"),
    [
        ("\ntemperature: 1.5", "\ntemperature: warm", "temperature", "warm"),
        ("\ntemperature: 1.5", "\ntemperature: 0", "temperature", "0"),
        ("\ntemperature: 1.5", "\ntemperature: -1", "temperature", "-1"),
        ("\ntemperature: 1.5", "\ntemperature: 1e3", "temperature", "1e3"),
        ("\ntemperature: 1.5", "\ntemprature: 1.5", "temprature", "1.5"),
        ("rough: 0.7", "rough: 0", "quality_weights.rough", "0"),
        ("rough: 0.7", "rough: .nan", "quality_weights.rough", ".nan"),
        ("rough: 0.7", "Rough Draft: 1", "quality_weights.Rough Draft", "1"),
        ("language_floors: {}", "language_floors: {en: 0.6, pt: 0.4}", "language_floors", "{en"),
        ("language_floors: {}", "language_floors: {English: 0.1}", "language_floors.English", "0.1"),
        ("language_floors: {}", "language_floors: [en]", "language_floors", "[en]"),
        ("domain_weights: {}", "domain_weights: 3", "domain_weights", "3"),
        ("contributor_cap: 0.1", "contributor_cap: 1.1", "contributor_cap", "1.1"),
        ("ngram: 5", "ngram: 0", "near_duplicates.ngram", "0"),
        ("ngram: 5", "ngram: five", "near_duplicates.ngram", "five"),
        ("threshold: 0.72", "threshold: 2", "near_duplicates.threshold", "2"),
        ("format: lecs-recipe-1", "format: lecs-recipe-2", "format", "lecs-recipe-2"),
        ("good: 1\n", "good: 1\n  good: 2\n", "quality_weights.good", "good: 2"),
    ],
)
def test_an_error_names_key_line_and_column(old, new, key, marked):
    """A curator finds the place in the file without reading a stack trace."""
    text = default_recipe_text()
    broken = text.replace(old, new, 1)
    assert broken != text
    with pytest.raises(InvalidRecipe) as caught:
        parse_recipe(broken)
    error = caught.value
    line = broken.splitlines()[error.line - 1]
    assert error.key == key
    assert line[error.column - 1 :].startswith(marked)
    assert f"line {error.line}, column {error.column}" in str(error)
    assert error.allowed in str(error)


@pytest.mark.parametrize(
    "text", ["", "[1]", "a: &x [*x]", "[" * 30_000, "\x00", "a: 1\n---\nb: 2", "? [1]\n: 2", "a" * 70_000]
)
def test_what_is_no_recipe_at_all_is_refused_too(text):
    """Hostile or broken YAML gives the same kind of error, never one of the parser's."""
    with pytest.raises(InvalidRecipe):
        parse_recipe(text)


@pytest.mark.parametrize("key", list(default_recipe().content()))
def test_every_key_must_be_given(key):
    """Nothing is assumed: a recipe states all its constants."""
    content = default_recipe().content()
    del content[key]
    with pytest.raises(InvalidRecipe) as caught:
        Recipe.from_content(content)
    assert caught.value.key == key
    assert not _schema_accepts(content)


@pytest.mark.parametrize("value", ["0.7\n", "0.5 ", "٠.٥"])
def test_a_number_is_nothing_but_its_digits(value):
    """No line feed, blank or foreign digit slips in (JSON Schema in Python would let the line feed pass)."""
    with pytest.raises(InvalidRecipe):
        Recipe.from_content({**default_recipe().content(), "temperature": value})


JSON_VALUES = st.one_of(
    st.booleans(),
    st.integers(-3, 70),
    st.sampled_from(["", "0", "1", "0.5", "0.50", "00.5", "1.0", "2", "1e3", "-1", " 1", "٣"]),
    st.just([]),
    st.just({}),
    st.dictionaries(st.sampled_from(["en", "no", "x", "chat", "Bad Key"]), st.sampled_from(["0.5", "0", "2", 1])),
)
PATHS = [(key,) for key in default_recipe().content()] + [
    ("near_duplicates", key) for key in default_recipe().content()["near_duplicates"]
]


@given(st.sampled_from(PATHS), JSON_VALUES)
def test_schema_and_rules_agree(path, value):
    """The JSON Schema refuses nothing that the rules accept; only sums and bounds are left to the rules."""
    content = copy.deepcopy(default_recipe().content())
    target = content[path[0]] if len(path) == 2 else content
    target[path[-1]] = value
    try:
        recipe = Recipe.from_content(content)
    except InvalidRecipe:
        floors = content["language_floors"]
        too_much = isinstance(floors, dict) and path == ("language_floors",)
        assert not _schema_accepts(content) or too_much
    else:
        assert _schema_accepts(content)
        assert recipe.content() == content
