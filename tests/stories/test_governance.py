"""A real home governs itself from the command line: work, votes in two steps, what they change and what they cannot.

This home's node worked for members some weeks ago: settlements are signed here, with keys of this home. A second node
is admitted by the charter, and audits. Everything else is said with `lecs`.
"""

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import yaml

from governance.chambers.ballots import commitment_of
from governance.report import report
from lecs_pipeline.clock import now
from lecs_pipeline.governing import governed
from lecs_pipeline.shares import Commons
from substrate.record.authority import recipe_in_force
from substrate.record.canonical import digest
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer
from substrate.store.home import open_home

pytestmark = [pytest.mark.models, pytest.mark.dagster]

VERIFIER = Path(__file__).parents[2] / "examples/verifier/verify_governance.py"
#: Longer than the time-lock.
LATER = 20
PASSWORD = "four words of mine"


def day(ago: int) -> str:
    """The day so many days ago."""
    return (datetime.now(UTC) - timedelta(days=ago)).strftime("%Y-%m-%d")


def in_days(days: int) -> str:
    """The time in so many days."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Town:
    """A home whose chambers enact. ``ada`` and ``berta`` are members by the charter, with keys in this home."""

    small: Any
    folder: Path
    fields: Callable[[str], dict[str, Any]]
    other: Signer
    keys: dict[str, str]

    def run(self, *arguments: Any) -> Any:
        """What a command prints with --json; it has to succeed."""
        return self.small.run(*arguments, "--json").ok().json

    def file(self, **stated: Any) -> Path:
        """A YAML file."""
        path = self.folder / f"{uuid.uuid4().hex}.yaml"
        path.write_text(yaml.safe_dump(stated), "utf-8")
        return path

    def say(self, kind: str, signer: Signer, **changed: Any) -> Document:
        """Put a document into the ledger without asking anybody: what a program that breaks the rules could do."""
        fields = {**self.fields(kind), **changed}
        with open_home(self.small.path) as home:
            name = f"urn:uuid:{uuid.uuid4()}"
            document = write_document(kind, name, home.commons, fields, signer, now())
            with home.ledger.write() as writer:
                writer.add(document)
        return document

    def signer(self, role: str) -> Signer:
        """A key of this home."""
        with open_home(self.small.path) as home:
            found = home.keyring.by_did(self.keys[role])
        assert found is not None
        return found

    def settle(self, ago: int, jobs: int, root: str) -> None:
        """This home's node worked for Ada: both sides say so."""
        worker, ada = self.signer("node"), self.signer("Ada")
        total = {**self.fields("Settlement")["totals"][0], "jobs": jobs, "read": 0, "written": 36_000, "trained": 0}
        for side, signer in (("worker", worker), ("submitter", ada)):
            self.say(
                "Settlement", signer, day=day(ago), worker=worker.did, submitter=ada.did, side=side, receipts=jobs,
                totals=[total], root=digest(root),
            )  # fmt: skip

    def vote(self, proposal: str, **choices: str) -> Any:
        """Everybody commits, the commitments are closed, this home reveals, the reveals are closed."""
        for name, choice in choices.items():
            self.run("govern", "vote", proposal, choice, *([] if name == "steward" else ["--as", name]))
        self.run("govern", "close", proposal)
        assert self.run("govern", "reveal") == {"revealed": [proposal], "waiting": []}
        self.run("govern", "close", proposal)
        return self.run("govern", "tally", proposal)

    def figures(self, as_of: str) -> Any:
        """Everything that governance derives here."""
        with open_home(self.small.path) as home:
            return json.loads(json.dumps(report(governed(home), as_of)))


@pytest.fixture
def town(lived: Town, tmp_path: Path, copy_of_home: Any) -> Town:
    """A town of the test's own."""
    (tmp_path / "papers").mkdir()
    return replace(lived, small=copy_of_home(lived.small, tmp_path / "home"), folder=tmp_path / "papers")


@pytest.fixture(scope="module")
def lived(copy_of_original: Any, tmp_path_factory: pytest.TempPathFactory, make_commons: Any) -> Town:
    """Weeks of work, settled, audited and closed; then the charter gives enactment to the chambers."""
    folder = tmp_path_factory.mktemp("town")
    small = copy_of_original(folder / "home")
    found = Town(small, folder, make_commons().fields, Signer(bytes(range(32))), {})
    with open_home(small.path) as home:
        found.keys = {"node": home.node.did, "steward": home.keyring.signer("steward").did}
    for name in ("Ada", "Berta"):
        found.keys[name] = found.run("key", "new", "--name", name)["key"]
    added = [{"role": "member", "key": found.keys[name]} for name in ("Ada", "Berta")]
    added.append({"role": "node", "key": found.other.did})
    found.run("charter", "change", found.file(added=added))
    row = {**found.fields("ReferenceTable")["rows"][0], "read": "1000", "written": "10", "trained": "100"}
    table = found.file(kind="ReferenceTable", version=1, fromDay=day(90), rows=[row])
    assert found.run("govern", "act", table)["in_force"]
    found.run("credits", "bind")
    found.settle(60, 20, "first")
    found.settle(40, 250, "second")
    found.say("AuditVerdict", found.other, worker=found.keys["node"], time=f"{day(50)}T12:00:00Z")
    for ago in (60, 40, 1):
        assert found.run("govern", "close", "--epoch", "--day", day(ago))["counts"]
    found.run("charter", "change", found.file(fields={"enactment": "chambers"}))
    return found


def flatter(town: Town) -> Path:
    """A recipe that nobody has signed."""
    town.run("recipe")
    recipe: dict[str, Any] = yaml.safe_load(town.small.run("recipe").ok().out)
    path = town.folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**recipe, "temperature": "2"}), "utf-8")
    return path


def test_work_shows_line_by_line(town: Town) -> None:
    """One credit is free, one in escrow; what time took is a line; and all lines come to what there is."""
    told = town.run("credits", "show")
    kinds = {line["kind"]: line for line in told["lines"]}
    assert {"earned", "held", "decayed"} == set(kinds)
    assert (kinds["earned"]["amount"], kinds["earned"]["at"], len(kinds["earned"]["cites"][0])) == ("1", day(60), 64)
    assert 0.7 < float(told["balance"]) < 0.9 < float(told["escrow"]) + 0.05 < 1
    assert told["member"] == town.keys["steward"], "the node belongs to its person"
    assert town.run("credits", "show", town.keys["steward"][-12:]) == told
    assert town.run("credits", "list")["accounts"][0]["member"] == told["member"]
    part = town.run("credits", "spend", town.other.did, "0.1")
    after = town.run("credits", "show")
    assert (after["spent"], after["lines"][2]["cites"]) == ("0.1", [part["spend"]])
    assert town.small.run("credits", "spend", town.other.did, "0.3").code == 56


def test_a_mixture_is_voted_and_the_next_version_cites_the_vote(town: Town) -> None:
    """Row 4: both steps, the time-lock, the version of then, its card, and an unchanged past."""
    recipe = flatter(town)
    assert town.run("mixture", "preview", recipe)["after"] != {}
    stated = {"scope": "mixture", "title": "Flatter", "text": "Small languages count more.", "recipe": recipe.name}
    told = town.run("govern", "propose", town.file(**stated), "--as", "Ada")
    proposal = told["proposal"]
    assert (told["state"], told["chambers"]) == ("open", {}), "there is no running count"
    assert town.run("govern", "propose", town.file(**stated), "--as", "Ada")["proposal"] == proposal
    shown = town.run("govern", "show", proposal[:12])
    assert (shown["text"], shown["decides"], shown["acts"][0]["kind"]) == (stated["text"], ["contributor"], "Recipe")
    town.run("govern", "vote", proposal, "no")
    counted = town.vote(proposal, steward="yes", Ada="yes", Berta="yes")
    assert counted["chambers"]["contributor"]["yes"] == "3", "the last commitment of each is what counts"
    assert (counted["state"], counted["enacts_at"] > in_days(13)) == ("adopted", True)
    before = town.run("dataset", "build")["version"]
    assert before == town.small.version, "nothing is in force before the time-lock has passed"
    after = town.run("dataset", "build", "--as-of", in_days(LATER))["version"]
    assert after != before
    with open_home(town.small.path) as home:
        assert recipe_in_force(home.roles(in_days(LATER)))["temperature"] == "2"
        assert recipe_in_force(home.roles())["temperature"] != "2"
    town.small.run("dataset", "verify", "latest").ok()
    assert town.run("rebuild")["identical"]
    town.run("dataset", "export", "latest", town.folder / "new")
    town.run("dataset", "export", before, town.folder / "old")
    assert proposal in (town.folder / "new" / "README.md").read_text("utf-8")
    assert proposal not in (town.folder / "old" / "README.md").read_text("utf-8")
    assert town.run("govern", "tally", proposal, "--as-of", in_days(LATER))["state"] == "in-force"
    assert town.small.run("govern", "vote", proposal, "no").code == 52
    assert town.small.run("govern", "close", proposal).code == 53


class Visitor:
    """Somebody with a browser that runs no scripts, logged in by password and code."""

    def __init__(self, client: Any, account: dict[str, Any], secret: str) -> None:
        self.client = client
        self.page = client.get("/desk/login")
        self.send("/desk/login", name=account["name"], password=PASSWORD, code=pyotp.TOTP(secret).now())
        assert self.page.status_code == 200, self.page.text[:400]

    def send(self, address: str, **fields: str) -> Any:
        """Post the form of the page that is open."""
        token = re.search(r'name="token" value="([0-9a-f]+)"', self.page.text)
        assert token is not None
        self.page = self.client.post(address, data={"token": token[1], **fields})
        return self.page

    def open(self, address: str) -> str:
        """Go to a page."""
        self.page = self.client.get(address)
        return str(self.page.text)


@pytest.mark.long
def test_a_mixture_goes_through_both_steps_at_the_desk(town: Town) -> None:
    """Row 4 in a browser: read, committed, revealed, counted; the version of then uses it, and its card cites it."""
    from fastapi.testclient import TestClient

    from consent.desk.app import make_app
    from lecs_pipeline.desk import site_of, surroundings

    password = town.folder / "password"
    password.write_text(PASSWORD, "utf-8")
    app: Any = make_app(site_of("127.0.0.1", 8420, None), surroundings(town.small.path, cast("Any", None)))
    visitors = []
    for name, role in (("mia", "member"), ("sol", "steward")):
        account = town.run("desk", "account", "add", name, "--role", role, "--password", password)
        if role == "member":
            assert town.run("govern", "vouch", account["key"])["state"] == "member"
        secret = parse_qs(urlsplit(Path(account["enrolment"]).read_text("utf-8").strip()).query)["secret"][0]
        client = TestClient(app, base_url="http://127.0.0.1:8420", headers={"origin": "http://127.0.0.1:8420"})
        visitors.append(Visitor(client, account, secret))
    words = "Small languages count more."
    stated = {"scope": "mixture", "title": "Flatter", "text": words, "recipe": flatter(town).name}
    proposal = town.run("govern", "propose", town.file(**stated), "--as", "Ada")["proposal"]
    place = f"/govern/{proposal}"
    for visitor in visitors:
        page = visitor.open(place)
        assert words in page
        assert "How much each language counts" in page, "the effect is shown before anyone votes"
        assert "So far you said: <strong>Yes</strong>" in visitor.send(place, choice="yes").text
    town.run("govern", "close", proposal)
    assert "Votes are being shown" in visitors[0].open("/govern")
    town.run("govern", "close", proposal)
    assert "Accepted. It waits for its day." in visitors[0].open(place)
    counted = town.run("govern", "tally", proposal)
    assert counted["chambers"]["contributor"]["yes"] == "2"
    version = town.run("dataset", "build", "--as-of", in_days(LATER))["version"]
    assert version != town.small.version
    town.run("dataset", "export", "latest", town.folder / "new")
    assert proposal in (town.folder / "new" / "README.md").read_text("utf-8")


def test_the_floor_can_be_raised_by_both_chambers_and_removed_by_nobody(town: Town) -> None:
    """Row 4: what goes below the charter's minimum is refused at once, and void when it is signed all the same."""
    raised = {"scope": "floor", "title": "More", "text": "For all.", "parameters": {"floor-tokens-per-day": 20_000}}
    proposal = town.run("govern", "propose", town.file(**raised))["proposal"]
    counted = town.vote(proposal, steward="yes", Ada="yes", Berta="abstain")
    assert counted["state"] == "adopted", counted
    assert counted["chambers"]["contributor"]["yes"] == "2"
    assert 0 < float(counted["chambers"]["technical"]["yes"]) < 1, "aged, audited work for somebody else"
    then = town.run("govern", "parameters", "--as-of", in_days(LATER))["parameters"]["floor-tokens-per-day"]
    assert then == {"value": "20000", "set_by": proposal}
    assert town.run("govern", "parameters")["parameters"]["floor-tokens-per-day"]["value"] == "10000"

    gone = {"scope": "floor", "title": "No floor", "text": "None.", "parameters": {"floor-tokens-per-day": 0}}
    refused = town.small.run("govern", "propose", town.file(**gone), "--json")
    assert (refused.code, refused.json["error"]) == (51, "void-proposal")
    assert refused.json["message"].startswith("below-the-minimum")
    effect = {"parameters": [{"name": "floor-tokens-per-day", "value": "0"}], "acts": []}
    forced = town.say("Proposal", town.signer("steward"), scope="floor", effect=effect, epoch=0, time=now()).digest
    assert town.small.run("govern", "vote", forced, "yes").code == 52
    nonce = "ab" * 32
    said = {}
    for name in ("steward", "Ada", "Berta"):
        signer = town.signer(name)
        commitment = commitment_of(forced, signer.did, "yes", nonce)
        said[name] = town.say("VoteCommitment", signer, proposal=forced, commitment=commitment)
    for step in ("commitments", "reveals"):
        with open_home(town.small.path) as home:
            cut = [{"log": h.origin, "size": h.size, "root": h.root.hex()} for h in home.ledger.cut()]
        town.say("ClosingCut", town.signer("steward"), closes=step, proposal=forced, epoch=None, upTo=cut, time=now())
        for name, one in said.items() if step == "commitments" else ():
            town.say("VoteReveal", town.signer(name), proposal=forced, commitment=one.digest, choice="yes", nonce=nonce)
    told = town.run("govern", "tally", forced, "--as-of", in_days(60))
    assert (told["state"], told["reason"], told["enacts_at"]) == ("void", "below-the-minimum", "")
    then = town.run("govern", "parameters", "--as-of", in_days(60))["parameters"]["floor-tokens-per-day"]
    assert then["value"] == "20000"


def test_a_vote_that_nobody_reveals_counts_for_things_as_they_are(town: Town) -> None:
    """The secret lies in this home alone; without it nobody knows what was committed."""
    stated = {"scope": "inclusion", "title": "More", "text": "Seven.", "parameters": {"vouches-per-year": 7}}
    proposal = town.run("govern", "propose", town.file(**stated))["proposal"]
    for name in ([], ["--as", "Ada"], ["--as", "Berta"]):
        town.run("govern", "vote", proposal, "yes", *name)
    votes = town.small.path / "keys" / "votes"
    assert len(list(votes.iterdir())) == 3
    assert {oct(path.stat().st_mode & 0o777) for path in (votes, *votes.iterdir())} == {"0o700", "0o600"}
    aside = votes.rename(town.folder / "votes")
    town.run("govern", "close", proposal)
    first = sorted(aside.iterdir())[0]
    votes.mkdir(mode=0o700)
    first.rename(votes / first.name)
    assert town.run("govern", "list")["proposals"][0]["state"] == "counting", "reading reveals what is due"
    town.run("govern", "close", proposal)
    counted = town.run("govern", "tally", proposal)
    chamber = counted["chambers"]["contributor"]
    assert (counted["state"], chamber["yes"], chamber["unrevealed"]) == ("rejected", "1", "2")
    assert list(votes.iterdir()) == [], "nothing secret is left of what is public"


def test_keys_without_authority_change_nothing(town: Town) -> None:
    """Row 7: a vote, a vouch, a settlement, a table, a closing and a decision by a stranger."""
    stated = {"scope": "inclusion", "title": "More", "text": "Seven.", "parameters": {"vouches-per-year": 7}}
    proposal = town.run("govern", "propose", town.file(**stated))["proposal"]
    town.run("govern", "vote", proposal, "yes")
    late, stranger = in_days(60), Signer(bytes(range(2, 34)))
    before = town.figures(late)
    commitment = commitment_of(proposal, stranger.did, "no", "cd" * 32)
    with open_home(town.small.path) as home:
        cut = [{"log": h.origin, "size": h.size, "root": h.root.hex()} for h in home.ledger.cut()]
    strange = [
        town.say("VoteCommitment", stranger, proposal=proposal, commitment=commitment),
        town.say("Vouch", stranger, member=Signer(bytes(range(3, 35))).did, word="vouch", time=now()),
        town.say(
            "Settlement", stranger, worker=town.keys["node"], submitter=stranger.did, side="submitter", day=day(1)
        ),
        town.say("ReferenceTable", stranger, version=9, fromDay=day(90)),
        town.say("ClosingCut", stranger, closes="commitments", proposal=proposal, epoch=None, upTo=cut, time=now()),
        town.say("BoardTerm", stranger, person=stranger.did, begins=now(), ends=in_days(300)),
        town.say("PrioritySpend", stranger, provider=town.keys["node"], epoch=0, amount="1"),
    ]
    assert town.figures(late) == before
    listed = {one["digest"] for one in town.run("ledger", "show", "--unauthorised")["documents"]}
    assert {one.digest for one in strange} <= listed
    town.run("key", "new", "--name", "Nobody")
    assert town.small.run("govern", "vote", proposal, "yes", "--as", "Nobody").code == 6
    assert town.small.run("govern", "vote", proposal, "yes", "--as", "Somebody").code == 50
    assert town.small.run("govern", "vouch", town.keys["Ada"], "--as", "Nobody").code == 6


def test_a_stranger_computes_the_same_and_refuses_what_was_changed(town: Town) -> None:
    """Row 2 on a home that was lived in: its export, read by a program that shares no code with ours."""
    stated = {"scope": "machines", "title": "Fewer", "text": "Audits.", "parameters": {"audit-rate": "0.04"}}
    proposal = town.run("govern", "propose", town.file(**stated))["proposal"]
    town.vote(proposal, steward="yes", Ada="yes", Berta="yes")
    dispute = town.run(
        "govern", "dispute", "open", "--about", "identity", "--respondent", town.keys["Berta"], "--reason", "Two keys."
    )["id"]
    assert town.run("govern", "dispute", "answer", dispute, "--reason", "No.")["state"] == "answered"
    decided = town.run("govern", "dispute", "decide", dispute, "--finding", "upheld", "--reason", "Not met.")
    assert decided["state"] == "decided"
    file = town.folder / "ledger.jsonl"
    town.run("ledger", "export", file)
    as_of = in_days(LATER)
    done = subprocess.run([sys.executable, "-I", VERIFIER, file, "--as-of", as_of], capture_output=True, check=True)
    ours = town.figures(as_of)
    assert json.loads(done.stdout) == ours
    assert ours["proposals"][proposal]["state"] == "in-force"
    assert town.keys["Berta"] not in ours["members"], "convicted"
    whole = file.read_bytes()
    for place in (len(whole) // 3, whole.index(b'written\\":36000') + 11, whole.index(b'"leaf"') + 20):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        done = subprocess.run([sys.executable, "-I", VERIFIER, file], capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.startswith(b"refused:")


def test_a_dispute_has_steps_and_deadlines(town: Town) -> None:
    """Whoever is no party cannot appeal; the board (here: stewards) has the last word."""
    opened = ("govern", "dispute", "open", "--about", "vote", "--respondent", town.keys["Ada"], "--reason", "Why?")
    dispute = town.run(*opened, "--as", "Berta")["id"]
    assert town.small.run("govern", "dispute", "appeal", dispute, "--reason", "No.").code == 55
    town.run("govern", "dispute", "decide", dispute, "--finding", "dismissed", "--reason", "Because.")
    assert town.small.run("govern", "dispute", "answer", dispute, "--reason", "Late.").code == 55
    assert town.run("govern", "dispute", "appeal", dispute, "--reason", "Still.")["state"] == "appealed"
    last = town.run("govern", "dispute", "decide", dispute, "--finding", "upheld", "--reason", "Indeed.")
    assert last["state"] == "final"
    (told,) = town.run("govern", "dispute", "list")["disputes"]
    assert (told["finding"], told["until"]) == ("upheld", "")
    assert town.small.run("govern", "dispute", "decide", dispute, "--finding", "upheld", "--reason", "x").code == 55


def test_vouches_run_out_and_are_answered_for(town: Town) -> None:
    """Five a year; nobody for themselves; taken back means taken back."""
    people = [Signer(bytes([n]) * 32).did for n in range(1, 7)]
    for one in people[:5]:
        assert town.run("govern", "vouch", one)["state"] == "member"
    assert town.small.run("govern", "vouch", people[5]).code == 54
    assert town.run("govern", "vouch", people[0])["state"] == "member", "said before: nothing is signed again"
    assert town.small.run("govern", "vouch", town.keys["steward"]).code == 54
    assert town.run("govern", "vouch", people[0], "--withdraw")["state"] == "withdrawn"
    assert town.small.run("govern", "vouch", people[0], "--withdraw").code == 54


def test_homes_that_heard_it_in_another_order_enact_the_same(town: Town, lecs: Any) -> None:
    """Row 6: one home hears everything at once, one the end of the vote long after its beginning."""
    stated = {"scope": "inclusion", "title": "More", "text": "Seven.", "parameters": {"vouches-per-year": 7}}
    proposal = town.run("govern", "propose", town.file(**stated))["proposal"]
    for name in ([], ["--as", "Ada"], ["--as", "Berta"]):
        town.run("govern", "vote", proposal, "yes", *name)
    early, late = town.folder / "early.jsonl", town.folder / "late.jsonl"
    town.run("ledger", "export", early)
    town.run("govern", "close", proposal)
    town.run("blob", "gc")
    assert town.run("govern", "reveal")["revealed"] == [proposal]
    town.run("govern", "close", proposal)
    town.run("ledger", "export", late)
    then = in_days(LATER)
    ours = town.figures(then)
    assert ours["parameters"]["vouches-per-year"] == {"value": "7", "set_by": proposal}
    for name, files in {"first": (late,), "second": (early, late), "third": (late, early)}.items():
        home = town.folder / name
        for file in files:
            lecs("ledger", "import", file, home=home).ok()
        there = replace(town, small=replace(town.small, path=home))
        assert there.figures(then) == ours, name
        assert there.run("govern", "show", proposal)["text"] == stated["text"], "words travel, and are no rubbish"


def test_a_stop_and_the_floor_reach_the_nodes(town: Town) -> None:
    """Signed by a steward, it ends by itself; a node sees whose it is, what can be spent, and the floor of all."""
    commons = Commons()
    with open_home(town.small.path) as home:
        shares = commons.shares(home, now())
        assert commons.stops(home, now()) == ()
    assert shares.person(town.keys["node"]) == town.keys["steward"]
    assert shares.weight(town.keys["steward"]) > shares.weight(town.keys["Ada"]) > 0
    assert (shares.floor.tokens, shares.floor.seconds) == (10_000, 24 * 3600)
    town.run("credits", "spend", town.keys["node"], "0.1")
    with open_home(town.small.path) as home:
        after = commons.shares(home, now())
    assert after.weight(town.keys["steward"]) > shares.weight(town.keys["steward"]), "put down here, it counts here"
    stated = {"stops": {"job": "lora"}, "reason": "It wrote what it was told.", "begins": now(), "ends": in_days(3)}
    assert town.run("govern", "act", town.file(kind="EmergencyStop", **stated))["in_force"]
    with open_home(town.small.path) as home:
        (stop,) = commons.stops(home, now())
        assert (stop.job, stop.reason) == ("lora", stated["reason"])
        assert commons.stops(home, in_days(4)) == ()
