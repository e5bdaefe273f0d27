"""The recipe in force, and signing another one as steward."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consent.founding import steward_of
from corpus.recipe import parse_recipe
from lecs_pipeline.clock import now
from substrate.record.authority import recipe_in_force
from substrate.record.canonical import digest
from substrate.record.documents import write_document
from substrate.store.home import open_home


def recipe_here(path: Path) -> dict[str, Any]:
    """The content of the recipe in force."""
    with open_home(path) as home:
        return recipe_in_force(home.roles())


def check_recipe(text: str) -> dict[str, Any]:
    """The content of a recipe file.

    Raises:
        InvalidRecipe: naming key, line and column, and what is allowed.
    """
    return parse_recipe(text).content()


@dataclass(frozen=True, slots=True)
class SignedRecipe:
    """A recipe that was signed: its digest, by which others approve it, and whether it is in force already."""

    digest: str
    in_force: bool


def sign_recipe(path: Path, content: dict[str, Any]) -> SignedRecipe | None:
    """Sign a recipe that follows the one in force; None when it is the one in force already.

    One that this steward signed before, and that still waits for others, is not signed twice: two would be rivals.
    """
    with open_home(path) as home:
        roles = home.roles()
        current = recipe_in_force(roles)
        if digest(current) == digest(content):
            return None
        previous = next(a.digest for a in roles.in_force("Recipe") if a.body["content"] == current)
        fields = {"content": content, "previous": previous}
        steward = steward_of(home)
        own = (d for d in home.ledger.documents(kinds=["Recipe"]) if d.signer == steward.did)
        waiting = next((d for d in own if {key: d.body.get(key) for key in fields} == fields), None)
        document = waiting or write_document("Recipe", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, steward, now())
        with home.ledger.write() as writer:
            writer.add(document)
        return SignedRecipe(document.digest, digest(recipe_in_force(home.roles())) == digest(content))
