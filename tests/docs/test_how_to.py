"""Every shell block of the how-to pages runs, on a copy of a small home."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "compute_mesh"))
from boxes import why_none

pytestmark = [pytest.mark.models, pytest.mark.dagster]

PAGES = sorted((Path(__file__).resolve().parents[2] / "docs" / "how-to").glob("*.md"))
#: Pages that take longest; row 1 of `make prove ISSUE=5` runs them too.
SLOW = (
    "add-a-model", "ask-the-warehouse", "back-up-and-restore", "care-for-keys", "check-a-receipt", "give-an-archive",
    "give-other-formats", "look-after-held-texts", "move-a-home", "run-the-workspace", "search-the-corpus",
    "sign-another-recipe", "take-from-an-inbox",
)  # fmt: skip


#: Pages on which `lecs node doctor` has to find a sandbox.
BOXED = ("run-a-node", "run-jobs-on-the-mesh")


def _marked(page: Path) -> Any:
    marks = [pytest.mark.long] if page.stem in SLOW else []
    if page.stem in BOXED and why_none():
        marks = [pytest.mark.skip(reason=why_none())]
    return pytest.param(page, id=page.stem, marks=marks)


@pytest.mark.parametrize("page", [_marked(page) for page in PAGES])
def test_the_blocks_of_a_page_run_in_order(page: Path, markdown: Any, shell: Any, small_home: Any) -> None:
    ids = {name.upper(): value for name, value in small_home.ids.items()}
    session = shell(**ids, VERSION=small_home.versions[-1])
    (session.folder / "code.txt").write_text(small_home.codes["plain"] + "\n")
    (session.folder / "other-code.txt").write_text(small_home.codes["asked"] + "\n")
    (session.folder / "text.txt").write_text("Boil the beans for an hour with a bay leaf, and salt them only at the "
                                             "end, or the skins stay hard.")  # fmt: skip
    receipt = small_home.path / "receipts" / f"{small_home.ids['plain'].removeprefix('urn:uuid:')}.json"
    shutil.copy(receipt, session.folder / "receipt.json")
    blocks = [block for block in markdown.blocks(page) if block.language == "bash"]
    assert blocks
    for block in blocks:
        session.run(block)


def test_the_charter_of_the_founding_page_has_every_key(markdown: Any) -> None:
    import yaml

    from consent.founding import CHARTER_DEFAULTS, read_charter_answers

    page = markdown.read("docs/how-to/found-a-commons.md")
    text = page.split("<<'END'\n")[1].split("END\n")[0]
    assert set(yaml.safe_load(text)) == set(CHARTER_DEFAULTS)
    assert read_charter_answers(text)["holdDays"] == 0
    listed = {cell.split(".")[0] for row in markdown.tables(page) for cell in row[0].replace("`", "").split(", ")}
    assert listed == set(CHARTER_DEFAULTS)


def test_the_moderation_page_lists_every_decision_and_ground(markdown: Any) -> None:
    from typing import get_args

    from substrate.record import vocabulary

    page = markdown.read("docs/how-to/moderate.md")
    assert {row[0].strip("`") for row in markdown.tables(page)} == set(get_args(vocabulary.Decision))
    assert all(f"`{ground}`" in page for ground in get_args(vocabulary.Ground))
