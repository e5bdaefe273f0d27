"""docs/reference/json.md against what the commands print."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "compute_mesh"))
from boxes import why_none

pytestmark = [pytest.mark.models, pytest.mark.dagster]

PAGE = "docs/reference/json.md"
#: Commands that work on no home.
HOMELESS = ("lecs redact", "lecs redaction languages", "lecs asset list")


def _paths(value: Any, prefix: str, free: set[str]) -> Iterator[str]:
    """Key paths of an object; those in ``free`` have keys that differ from case to case."""
    if isinstance(value, dict) and f"{prefix}*" not in free:
        for key, child in value.items():
            yield f"{prefix}{key}"
            yield from _paths(child, f"{prefix}{key}.", free)
    elif isinstance(value, dict):
        yield f"{prefix}*"
    elif isinstance(value, list):
        for child in value:
            if isinstance(child, dict):
                yield from _paths(child, f"{prefix.removesuffix('.')}[].", free)


def _documented(markdown: Any) -> dict[str, set[str]]:
    found = {}
    for title, body in markdown.sections(markdown.read(PAGE)).items():
        keys = {row[0].strip("`") for row in markdown.tables(body)}
        if title.startswith("lecs "):
            found.update({name.strip(): keys for name in title.split(",")})
    return found


def _commands(small: Any, folder: Path) -> dict[str, tuple[list[str], str, int]]:
    """Command -> its arguments, standard input and exit code."""
    from lecs_pipeline.blobs import put_blob
    from lecs_pipeline.gateway import new_key

    plain, asked = small.ids["plain"], small.ids["asked"]
    receipt = str(small.path / "receipts" / f"{plain.removeprefix('urn:uuid:')}.json")
    row = {"text": "One more text about the river."}
    (folder / "more.jsonl").write_text(json.dumps(row) + "\n")
    (folder / "recipe.yaml").write_text((Path(__file__).parents[2] / "corpus/default_recipe.yaml").read_text())
    (folder / "empty").mkdir()
    root = put_blob(small.path, folder / "more.jsonl")["root"]
    batches = _inbox(small.path, folder / "inbox")
    _sent(small.path, plain)
    away = str(folder / "away")
    proposal, dispute, somebody = _governing(small.path, folder)
    (folder / "proposal.yaml").write_text("{scope: inclusion, title: More, text: Six., parameters: {seeds: 6}}")
    (folder / "act.yaml").write_text("{kind: PoolEntry, entry: grant, amount: 1, currency: EUR, reason: A grant.}")
    return {
        "lecs doctor": ([], "", 0),
        "lecs desk account add": (["ada", "--role", "steward", "--password", "-"], "four words of mine", 0),
        "lecs desk account list": ([], "", 0),
        "lecs desk account remove": (["ada"], "", 0),
        "lecs backup": ([str(folder / "backups")], "", 0),
        "lecs key new": (["--name", "Somebody"], "", 0),
        "lecs key list": ([], "", 0),
        "lecs key api new": (["--name", "an editor"], "", 0),
        "lecs key api list": ([], "", 0),
        "lecs key api revoke": ([new_key(small.path, "another", ["inference"], 0, 0)["id"]], "", 0),
        "lecs audit list": ([], "", 0),
        "lecs credits bind": ([], "", 0),
        "lecs credits show": ([], "", 0),
        "lecs credits list": ([], "", 0),
        "lecs govern propose": ([str(folder / "proposal.yaml")], "", 0),
        "lecs govern list": ([], "", 0),
        "lecs govern show": ([proposal], "", 0),
        "lecs govern vote": ([proposal, "yes"], "", 0),
        "lecs govern tally": ([proposal], "", 0),
        "lecs govern close": ([proposal], "", 0),
        "lecs govern reveal": ([], "", 0),
        "lecs govern parameters": ([], "", 0),
        "lecs govern act": ([str(folder / "act.yaml")], "", 0),
        "lecs govern vouch": ([somebody], "", 0),
        "lecs govern dispute list": ([], "", 0),
        "lecs govern dispute open": (
            ["--about", "vote", "--respondent", somebody, "--reason", "For the page."], "", 0,
        ),
        "lecs govern dispute answer": ([dispute, "--reason", "No."], "", 0),
        "lecs govern dispute decide": ([dispute, "--finding", "upheld", "--reason", "Yes."], "", 0),
        "lecs govern dispute appeal": ([dispute, "--reason", "No."], "", 0),
        "lecs key rotate": (["node"], "", 0),
        "lecs key export": ([str(folder / "home.key"), "--role", "home", "--code"], "", 0),
        "lecs charter show": ([], "", 0),
        "lecs key revoke": (["--name", "Somebody"], "", 0),
        "lecs contribute": ([str(folder / "more.jsonl")], "", 3),
        "lecs consent list": ([], "", 0),
        "lecs consent show": ([plain], "", 0),
        "lecs consent verify": ([receipt], "", 0),
        "lecs dataset list": ([], "", 0),
        "lecs dataset show": (["latest"], "", 0),
        "lecs dataset diff": (small.versions, "", 0),
        "lecs dataset verify": (["latest"], "", 0),
        "lecs dataset export": (["latest", str(folder / "out")], "", 0),
        "lecs dataset check": ([str(folder / "empty")], "", 20),
        "lecs dataset refused": ([], "", 0),
        "lecs asset list": ([], "", 0),
        "lecs asset make": (["refused"], "", 0),
        "lecs mixture show": ([], "", 0),
        "lecs mixture preview": ([str(folder / "recipe.yaml")], "", 0),
        "lecs mixture explain": ([plain], "", 0),
        "lecs model list": ([], "", 0),
        "lecs model approve": (["all-minilm-l6-v2"], "", 0),
        "lecs model verify": (["lecs-tagger-1"], "", 0),
        "lecs model add": ([str(_model(folder)), *NAMED], "", 0),
        "lecs notice list": ([], "", 0),
        "lecs notice adopt": (["2026-12"], "", 0),
        "lecs generate": (["--prompt", "one", "--max-tokens", "1", "--model", "small"], "", 0),
        "lecs score": (["-", "--model", "small"], "one", 0),
        "lecs model revoke": (["small", "--reason", "Enough."], "", 0),
        "lecs ask": (["When are the beans salted?"], "", 0),
        "lecs embed": ([], "", 0),
        "lecs search": (["beans and salt"], "", 0),
        "lecs near-duplicates": (["--threshold", "0.5"], "", 0),
        "lecs where": ([plain], "", 0),
        "lecs recipe": ([str(folder / "recipe.yaml")], "", 0),
        "lecs ledger verify": ([], "", 0),
        "lecs ledger head": ([], "", 0),
        "lecs ledger show": ([], "", 0),
        "lecs ledger export": ([str(folder / "ledger.jsonl")], "", 0),
        "lecs ledger import": ([str(folder / "ledger.jsonl"), "--home", away], "", 0),
        "lecs ledger sync": (["--folder", str(folder / "empty")], "", 0),
        "lecs blob put": ([str(folder / "more.jsonl")], "", 0),
        "lecs blob get": ([root, str(folder / "fetched")], "", 0),
        "lecs blob stat": ([], "", 0),
        "lecs blob pin": ([root], "", 0),
        "lecs blob unpin": ([root], "", 0),
        "lecs blob gc": ([], "", 0),
        "lecs node init": ([], "", 0),
        "lecs node doctor": ([], "", 12 if why_none() else 0),
        "lecs node admit": ([_newcomer()], "", 0),
        "lecs rebuild": ([], "", 0),
        "lecs redact": ([], json.dumps({"id": "1", "text": "Ring 01632 960147.", "language": "en"}), 0),
        "lecs pending scan": ([str(folder / "inbox"), "--settled", "0"], "", 0),
        "lecs pending list": ([], "", 0),
        "lecs pending show": ([batches[0]], "", 0),
        "lecs pending confirm": ([batches[0]], "", 0),
        "lecs pending drop": ([batches[1]], "", 0),
        "lecs pending expire": ([], "", 0),
        "lecs warehouse build": ([], "", 0),
        "lecs warehouse query": (["SELECT count(*) FROM contributions"], "", 0),
        "lecs held list": ([], "", 0),
        "lecs held mark": ([small.ids["held"], '[[3, 9, "PERSON"]]'], "", 0),
        "lecs held confirm": ([small.ids["held"]], "", 0),
        "lecs held expire": ([], "", 0),
        "lecs redaction rerun": ([], "", 0),
        "lecs redaction languages": ([], "", 0),
        "lecs moderate": (
            [plain, "--decision", "quarantine", "--ground", "rights", "--statement", "Under discussion."], "", 0,
        ),
        "lecs consent narrow": (["--code", "-", "--purposes", "train"], small.codes["asked"], 0),
        "lecs consent withdraw": (["--code", "-"], small.codes["asked"], 0),
        "lecs consent erase": ([asked, "--request"], "", 0),
        "lecs dataset build": ([], "", 0),
        "lecs init": (["--home", str(folder / "fresh")], "", 0),
    }  # fmt: skip


def _governing(home: Path, folder: Path) -> tuple[str, str, str]:
    """In a commons whose chambers enact: a proposal, a dispute about this home's steward, and a key nobody knows."""
    from lecs_pipeline.charter import sign_change
    from lecs_pipeline.disputing import open_dispute
    from lecs_pipeline.proposing import propose
    from substrate.record.keys import Signer
    from substrate.store.home import open_home

    with open_home(home) as opened:
        steward = opened.keyring.signer("steward").did
    sign_change(home, "fields: {enactment: chambers}")
    file = folder / "first.yaml"
    file.write_text("{scope: inclusion, title: Seven, text: More., parameters: {vouches-per-year: 7}}")
    proposal = propose(home, file, None, "")["proposal"]
    dispute = open_dispute(home, "vote", steward, "For the page.", (), (), 14, None, "")["id"]
    return proposal, dispute, Signer(bytes(range(1, 33))).did


NAMED = ["--name", "small", "--version", "1", "--licence", "CC0-1.0", "--source", "the tests"]


def _model(folder: Path) -> Path:
    """The small model of the tests."""
    import runpy

    small = runpy.run_path(str(Path(__file__).parents[1] / "compute_mesh" / "runtime" / "small_gguf.py"))
    path: Path = small["small_model"](folder / "small.gguf")
    return path


def _newcomer() -> str:
    """A key that nobody has seen."""
    from substrate.record.keys import Signer

    return Signer(bytes(range(32))).did


def _sent(home: Path, contribution: str) -> None:
    """A text of this contribution went to another node in a job."""
    from compute_mesh.node.sent import Sent, note_sent
    from consent.lookup import state_of
    from substrate.store.home import open_home

    with open_home(home) as opened:
        row = state_of(opened, opened.roles(), contribution).row
    note_sent(home, Sent("1" * 64, "embeddings", "2026-11-22T10:00:00Z", [row], _newcomer()))


def _inbox(home: Path, inbox: Path) -> list[str]:
    """Two batches that wait, and in the inbox one more archive, one that is none and one that is not whole."""
    from lecs_pipeline.pending import scan_inbox

    inbox.mkdir()
    row = {
        "text": "Une histoire de la rivière.", "language": "fr", "domain": "letter", "tier": "public",
        "purposes": ["train"], "licence": "CC0-1.0", "contributor": {"kind": "anonymous"},
        "rights": {"basis": "author"}, "people": {"conversation": False}, "notice": "2026-11",
        "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": "none"},
    }  # fmt: skip
    for number in range(3):
        more = {**row, "text": f"{row['text']} Et {number} autres."}
        (inbox / f"{number}.jsonl").write_text(json.dumps(more) + "\n" + json.dumps({"text": "Rien."}) + "\n")
        if number == 1:
            taken = scan_inbox(home, inbox, settled=0).taken
    (inbox / "letter.txt").write_text("Une lettre.")
    (inbox / "empty.csv").touch()
    return [one.batch for one in taken]


@pytest.mark.long  # Every command, one after the other: row 1 of `make prove ISSUE=5`.
def test_every_object_has_the_documented_keys(
    markdown: Any, small_home: Any, call_lecs: Callable[..., str], tmp_path: Path
) -> None:
    documented = _documented(markdown)
    wrong = {}
    for name, (arguments, stdin, code) in _commands(small_home, tmp_path).items():
        home = (
            []
            if name in ("lecs redact", "lecs redaction languages", "lecs asset list")
            else ["--home", str(small_home.path)]
        )
        given = [*name.split()[1:], *(arguments if "--home" in arguments else [*arguments, *home]), "--json"]
        value = json.loads(call_lecs(small_home.path, *given, stdin=stdin, code=code))
        keys = documented[name]
        found = set(_paths(value, "", {key for key in keys if key.endswith("*")}))
        empty = {f"{path}[]." for path in keys if f"{path}[]." not in {p[: len(path) + 3] for p in found}}
        missing = {key for key in keys - found if not any(key.startswith(prefix) for prefix in empty)}
        if missing or found - keys:
            wrong[name] = {"not printed": sorted(missing), "not documented": sorted(found - keys)}
    assert not wrong, json.dumps(wrong, indent=1)


def test_every_command_with_json_is_on_the_page(markdown: Any) -> None:
    import runpy

    commands = runpy.run_path(str(markdown.root / "docs/generate_cli.py"))["commands"]()
    with_json = {name for name, command in commands if any("--json" in p.opts for p in command.params)}
    assert with_json == set(_documented(markdown))


def test_the_demo_prints_the_documented_keys(markdown: Any) -> None:
    from collections import Counter

    from lecs_pipeline.demo import Demo

    demo = Demo(Path("h"), [], "v", 0, Counter(), 0, Counter(), Path("e"), True)
    assert set(demo.as_json()) == _documented(markdown)["lecs demo"]


def test_a_failure_prints_the_documented_keys(call_lecs: Callable[..., str], tmp_path: Path) -> None:
    printed = json.loads(call_lecs(tmp_path / "nowhere", "dataset", "list", "--json", code=4))
    assert set(printed) == {"error", "message"}
    assert printed["error"] == "home"
