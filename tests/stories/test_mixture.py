"""Issue 5, item 6: a recipe is looked at before it is signed, weights are explained, and stewards sign."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from corpus.recipe import default_recipe_text
from substrate.store.home import open_home

pytestmark = pytest.mark.dagster


def recipe_file(folder: Path, **changes: Any) -> Path:
    """The default recipe with some keys replaced."""
    content = yaml.load(default_recipe_text(), Loader=yaml.BaseLoader)  # noqa: S506 (plain strings)
    file = folder / "recipe.yaml"
    file.write_text(yaml.safe_dump({**content, **changes}), "utf-8")
    return file


def contents(home: Path) -> dict[str, str]:
    """Every file of a home with its hash; SQLite's own side files may come and go."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file() and not path.name.startswith("ledger.sqlite3-")
    }


def test_a_preview_shows_both_and_writes_nothing(small: Any, tmp_path: Path) -> None:
    """Before is what the recipe in force gives, after what the file would; not a byte of the home changes."""
    file = recipe_file(tmp_path, domain_weights={"letter": "4"}, contributor_cap="1")
    small.run("mixture", "preview", file, "--json").ok()  # SQLite settles on the first opening.
    before = contents(small.path)
    page = tmp_path / "page.html"
    told = small.run("mixture", "preview", file, "--json", "--html", page).ok().json
    assert contents(small.path) == before
    assert told["before"]["items"] == told["after"]["items"] == 10
    assert told["before"]["duplicates"] == 1
    letter = [told[side]["domain"]["letter"] for side in ("before", "after")]
    assert [one["items"] for one in letter] == [1, 1]
    assert float(letter[1]["share"]) > float(letter[0]["share"])
    assert told["before"]["recipe"] != told["after"]["recipe"]
    html = page.read_text("utf-8")
    assert not [case for case, text in small.texts.items() if text[60:100] in html]


def test_a_preview_is_what_the_build_then_does(small: Any, tmp_path: Path) -> None:
    """Signed and built, the recipe gives the items and shares that the preview told."""
    file = recipe_file(tmp_path, seed="ab" * 32, temperature="3", contributor_cap="1")
    told = small.run("mixture", "preview", file, "--json").ok().json["after"]
    assert "Signed and in force" in small.run("recipe", file, "--sign").ok().err
    assert "nothing was signed" in small.run("recipe", file, "--sign").ok().err
    small.run("dataset", "build").ok()
    items = small.run("mixture", "show", "--json").ok().json["items"]
    assert len(items) == told["items"]
    after = small.run("mixture", "preview", file, "--json").ok().json
    assert after["before"] == after["after"] == told
    with open_home(small.path) as home:
        from assets.dataset.manifests import read_manifest
        from assets.dataset.publishing import published_versions

        manifest = read_manifest(home, published_versions(home)[-1])
    whole = sum(manifest["weight"].to_list())
    letters = sum(manifest.filter(manifest["domain"] == "letter")["weight"].to_list())
    assert float(told["domain"]["letter"]["share"]) == pytest.approx(letters / whole, abs=1e-6)


def test_a_preview_after_a_withdrawal_leaves_the_text_out(small: Any, tmp_path: Path) -> None:
    """It asks the gate now, not the last build."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    told = small.run("mixture", "preview", recipe_file(tmp_path), "--json").ok().json
    assert told["before"] == told["after"]
    assert "letter" not in told["after"]["domain"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("temperature: 1.5", "temperature: hot", "temperature (line 11, column 14)"),
        ("temperature: 1.5", "temprature: 1.5", "did you mean temperature?"),
        ("temperature: 1.5", "temperature: [1.5", "line 1"),
        ("temperature: 1.5\n", "\n", "temperature (line 4, column 1): must be given"),
    ],
)
def test_a_mistake_names_line_and_key(small: Any, tmp_path: Path, old: str, new: str, words: str) -> None:
    """The same sentence from preview and from check; exit 7."""
    file = tmp_path / "wrong.yaml"
    text = default_recipe_text()
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    for command in (["mixture", "preview", file], ["recipe", file]):
        result = small.run(*command, "--json")
        assert result.code == 7
        assert words in result.json["message"]


def test_every_text_is_explained(small: Any) -> None:
    """Weighed, repeated, refused: each with a reason in words; one that came later says so."""
    found = {case: small.run("mixture", "explain", small.ids[case], "--json").ok().json for case in
             ("second", "federated", "held", "published", "near-duplicate")}  # fmt: skip
    assert found["second"]["status"] == "weighed"
    assert found["second"]["weight"] > 0
    assert any("language" in why for why in found["second"]["why"])
    assert "stays where it was given" in found["federated"]["why"][0]
    assert found["held"]["status"] == "refused"
    assert found["held"]["weight"] is None
    assert {found["published"]["status"], found["near-duplicate"]["status"]} == {"weighed", "near-duplicate"}
    assert small.run("mixture", "explain", small.ids["second"]).ok().out.count("multiplier") == 2


def test_the_asset_shows_before_and_after(small: Any) -> None:
    """The plot of the asset `mixture`: shares of items and of weight, with the same figures in words."""
    from assets.mixture.plots import before_and_after
    from assets.stages import MIXTURE, read_stage

    with open_home(small.path) as home:
        markdown = before_and_after(read_stage(home, MIXTURE))
    pictures = [base64.b64decode(data).decode() for data in re.findall(r"base64,([A-Za-z0-9+/=]+)", markdown)]
    assert len(pictures) == 3
    assert all(picture.startswith("<svg") for picture in pictures)
    assert "fr: 100.0 % of items, 100.0 % of weight" in markdown


def test_two_stewards_sign_a_recipe(small: Any, lecs: Any, tmp_path: Path) -> None:
    """It waits, the second steward approves it in another home, and after the exchange it is in force."""
    other = tmp_path / "other"
    small.run("ledger", "export", tmp_path / "a.jsonl").ok()
    lecs("ledger", "import", tmp_path / "a.jsonl", home=other).ok()
    with open_home(other) as home:
        second = home.keyring.create("steward").did
    change = tmp_path / "change.yaml"
    change.write_text(json.dumps({"added": [{"role": "steward", "key": second}], "fields": {"threshold": 2}}))
    small.run("charter", "change", change).ok()
    file = recipe_file(tmp_path, temperature="2")
    told = small.run("recipe", file, "--sign").ok().err
    act = re.search(r"lecs approve ([0-9a-f]{64})", told)
    assert act is not None
    assert small.run("recipe", file, "--sign").ok().err == told, "asked again, the same act waits"
    assert small.run("recipe", "--json").ok().json["temperature"] == "1.5"
    small.run("ledger", "export", tmp_path / "b.jsonl").ok()
    lecs("ledger", "import", tmp_path / "b.jsonl", home=other).ok()
    assert lecs("approve", act[1], "--json", home=other).ok().json["counts"] is True
    lecs("ledger", "export", tmp_path / "c.jsonl", home=other).ok()
    small.run("ledger", "import", tmp_path / "c.jsonl").ok()
    assert small.run("recipe", "--json").ok().json["temperature"] == "2"
