"""Carrying a ledger to another home in one file: verified whole, then stored."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from substrate.record.canonical import canonical_bytes
from substrate.record.checkpoint import Head, log_origin, sign_checkpoint
from substrate.record.cut import cut_entries
from substrate.record.errors import RecordError, UnknownCommons
from substrate.record.merkle import tree_root
from substrate.store.appending import leaf_data
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import HomeError, LostErasures
from substrate.store.exchange import read_export, store_import, write_export
from substrate.store.verify import verify_home

TIME = "2026-11-22T10:00:00Z"


def entries(path: Path) -> list[dict[str, Any]]:
    """The lines of a file without its end."""
    return [json.loads(line) for line in path.read_bytes().splitlines()][:-1]


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    """A file of these lines with an end line that fits: what somebody who knows the format can make."""
    body = b"".join(canonical_bytes(line) + b"\n" for line in lines)
    end = {"end": {"lines": len(lines), "sha256": hashlib.sha256(body).hexdigest()}}
    path.write_bytes(body + canonical_bytes(end) + b"\n")
    return path


def find(lines: list[dict[str, Any]], key: str) -> list[int]:
    return [number for number, line in enumerate(lines) if key in line]


@pytest.fixture
def made(home_with_texts, tmp_path):
    """A home of three texts (one federated) and a blob, and its file with the vault."""
    made = home_with_texts()
    with made.open() as home:
        home.blobs.put(b"a manifest")
        write_export(home, tmp_path / "file", with_vault=True)
    return made


def test_an_empty_home_becomes_the_same(made, adopted_home, tmp_path) -> None:
    """Documents, cut, blobs and texts; the home verifies; a second time adds nothing."""
    contents = read_export(tmp_path / "file")
    with adopted_home(tmp_path / "other", made) as other, made.open() as home:
        result = store_import(other, contents, accepted=TIME)
        (accepted,) = other.ledger.documents(kinds=["TextsImported"])
        assert [d for d in other.ledger.documents() if d != accepted] == list(home.ledger.documents())
        assert set(home.ledger.cut()) == {head for head in other.ledger.cut() if head.origin != other.ledger.origin}
        assert accepted.body["fromLogs"] == cut_entries(home.ledger.cut())
        assert (accepted.body["items"], accepted.body["acceptedLostErasures"], result.at_risk) == (2, True, 2)
        assert list(other.blobs.names()) == list(home.blobs.names())
        open_texts = {c: t for c, t in made.texts.items() if not home.vault.contributions()[c]}
        assert {kept.contribution: kept.text for kept in other.vault.all()} == open_texts
        for contribution in open_texts:
            assert other.vault.private(contribution) == home.vault.private(contribution)
        assert (result.documents, result.items, result.dropped, result.forks) == (7, 2, 0, 0)
        assert verify_home(other).problems == []
        again = store_import(other, read_export(tmp_path / "file"))
        assert (again.documents, again.items, again.dropped, again.forks) == (0, 0, 0, 0)
        assert verify_home(other).problems == []


def test_exporting_twice_gives_the_same_file(made, tmp_path) -> None:
    """Sorted throughout; mode 0600, since it holds texts."""
    with made.open() as home:
        write_export(home, tmp_path / "again", with_vault=True)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "file").read_bytes()
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_federated_texts_are_never_in_it(made, tmp_path) -> None:
    """Neither text nor record; without the vault no text at all."""
    with made.open() as home:
        write_export(home, tmp_path / "public", with_vault=False)
        federated = [c for c, stays in home.vault.contributions().items() if stays]
        records = [raw for c in federated for raw in home.vault.private(c)]
    assert len(federated) == len(records) == 1
    whole, public = (tmp_path / "file").read_bytes(), (tmp_path / "public").read_bytes()
    for contribution, text in made.texts.items():
        encoded = base64.b64encode(text)
        assert (encoded in whole) == (contribution not in federated)
        assert encoded not in public
    assert json.dumps(records[0].decode())[1:-1].encode() not in whole
    assert not find(entries(tmp_path / "public"), "item")


def test_erased_items_do_not_come_back(made, adopted_home, tmp_path) -> None:
    """Neither where the tombstone is in the ledger, nor in the file, nor in the journal alone."""
    first, second = list(made.texts)[:2]
    contents = read_export(tmp_path / "file")
    with adopted_home(tmp_path / "other", made) as other:
        ErasureJournal(other.path).add(first, [])
        result = store_import(other, contents, accepted=TIME)
        assert (result.items, result.dropped) == (1, 1)
        assert first not in other.vault.contributions()
    with made.open() as home, home.ledger.write() as writer:
        writer.add(made.commons.write("Erased", home.node, contribution=second))
    with adopted_home(tmp_path / "third", made) as third:
        with made.open() as home:
            write_export(home, tmp_path / "later", with_vault=True)
        result = store_import(third, read_export(tmp_path / "later"), accepted=TIME)
        assert (result.items, result.dropped) == (1, 1)
        store_import(third, contents, accepted=TIME)
        assert second not in third.vault.contributions()


def test_texts_that_nothing_newer_speaks_for_are_refused(made, adopted_home, tmp_path) -> None:
    """Nothing known, the same known, and more known of the accepting node; nothing is stored in between."""
    with made.open() as home:
        write_export(home, tmp_path / "same", with_vault=False)
        with home.ledger.write() as writer:
            writer.add(made.commons.write("Erased", home.node, contribution=next(iter(made.texts))))
        write_export(home, tmp_path / "newer", with_vault=False)
    contents = read_export(tmp_path / "file")
    with adopted_home(tmp_path / "other", made) as other:
        for known in (None, "same"):
            if known:
                store_import(other, read_export(tmp_path / known))
            before = "\n".join(other.database.connection.iterdump())
            with pytest.raises(LostErasures, match="newer ledger export"):
                store_import(other, contents)
            assert "\n".join(other.database.connection.iterdump()) == before
        store_import(other, read_export(tmp_path / "newer"))
        result = store_import(other, contents)
        assert (result.items, result.dropped, result.at_risk) == (1, 1, 0)
        assert list(other.ledger.documents(kinds=["TextsImported"])) == []


def test_what_a_stranger_logged_since_is_nothing_newer(made, adopted_home, tmp_path) -> None:
    """Only logs of the accepting node and of those in its place tell what it erased."""
    with adopted_home(tmp_path / "other", made) as other:
        with other.ledger.write() as writer:
            writer.add(
                made.commons.write(
                    "Erased", other.node, contribution="urn:uuid:" + "0" * 8 + "-0000" * 3 + "-" + "0" * 12
                )
            )
        with pytest.raises(LostErasures):
            store_import(other, read_export(tmp_path / "file"))


def test_a_file_without_texts_needs_no_word(made, adopted_home, tmp_path) -> None:
    """Public documents, or texts that the file itself knows to be erased, bring nothing back."""
    with made.open() as home:
        write_export(home, tmp_path / "public", with_vault=False)
        with home.ledger.write() as writer:
            for contribution in made.texts:
                writer.add(made.commons.write("Erased", home.node, contribution, contribution=contribution))
        write_export(home, tmp_path / "all erased", with_vault=True)
    for name in ("public", "all erased"):
        with adopted_home(tmp_path / f"home of {name}", made) as other:
            assert store_import(other, read_export(tmp_path / name)).items == 0


def test_a_tombstone_by_a_stranger_drops_nothing(made, adopted_home, tmp_path) -> None:
    """Only an admitted node's tombstone keeps a text out."""
    first = next(iter(made.texts))
    with made.open() as home:
        with home.ledger.write() as writer:
            writer.add(made.commons.write("Erased", made.commons.stranger, contribution=first))
        write_export(home, tmp_path / "file", with_vault=True)
    with adopted_home(tmp_path / "other", made) as other:
        assert store_import(other, read_export(tmp_path / "file"), accepted=TIME).dropped == 0


def test_a_file_of_another_commons_is_refused(made, home_with_texts, tmp_path) -> None:
    """Same commons id, other charter: another commons."""
    stranger = home_with_texts("stranger", 1)
    with stranger.open() as home:
        before = "\n".join(home.database.connection.iterdump())
        with pytest.raises(UnknownCommons):
            store_import(home, read_export(tmp_path / "file"))
        assert "\n".join(home.database.connection.iterdump()) == before


def test_any_changed_byte_is_noticed(made, tmp_path) -> None:
    """Wherever in the file, and no message holds a text."""
    raw = (tmp_path / "file").read_bytes()
    for position in range(0, len(raw) - 1, max(1, len(raw) // 150)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        (tmp_path / "changed").write_bytes(changed)
        with pytest.raises((RecordError, HomeError)) as caught:
            read_export(tmp_path / "changed")
        assert len(str(caught.value)) < 200


def test_a_file_that_was_cut_off_is_noticed(made, tmp_path) -> None:
    """After any line, within a line, or with something added."""
    raw = (tmp_path / "file").read_bytes()
    ends = [n for n, byte in enumerate(raw) if byte == 10]
    cases = [raw[: end + 1] for end in ends[:-1]] + [raw[: end - 3] for end in ends] + [b"", raw + b"{}\n", raw + raw]
    for case in cases:
        (tmp_path / "changed").write_bytes(case)
        with pytest.raises((RecordError, HomeError)):
            read_export(tmp_path / "changed")


def forged(made, path: Path) -> dict[str, list[dict[str, Any]]]:
    """Files that fit their end line and still say what is not so."""
    plain = entries(path)
    c = made.commons
    item, leaf = find(plain, "item")[0], find(plain, "leaf")[-1]
    document, checkpoint = find(plain, "document")[0], find(plain, "checkpoint")[-1]
    body = plain[item]["item"]

    def with_line(number: int, line: dict[str, Any]) -> list[dict[str, Any]]:
        return [*plain[:number], line, *plain[number + 1 :]]

    own = body["contribution"]
    record = c.write("ConsentRecord", c.stranger, "forged", content={**c.fields("ConsentRecord")["content"], "id": own})
    withdrawal = c.write("ConsentWithdrawal", c.withdrawal, contribution=own)
    elsewhere = sign_checkpoint(Head(log_origin(c.node.did, "f" * 16), 1, bytes(32)), c.node)
    stranger = {"document": c.write("Erased", c.stranger, "in no log").raw.decode()}
    return {
        "another text": with_line(item, {"item": {**body, "text": base64.b64encode(b"other").decode()}}),
        "another salt": with_line(item, {"item": {**body, "salt": "f" * 64}}),
        "no record": with_line(item, {"item": {**body, "private": []}}),
        "another record first": with_line(item, {"item": {**body, "private": [record.raw.decode(), *body["private"]]}}),
        "another record last": with_line(item, {"item": {**body, "private": [*body["private"], record.raw.decode()]}}),
        "a public document as private": with_line(
            item, {"item": {**body, "private": [*body["private"], withdrawal.raw.decode()]}}
        ),
        "a text without a fact": with_line(item, {"item": {**body, "contribution": "urn:uuid:" + "0" * 8}}),
        "a leaf left out": plain[:leaf] + plain[leaf + 1 :],
        "a leaf of another class": with_line(leaf, {"leaf": [1 - plain[leaf]["leaf"][0], plain[leaf]["leaf"][1]]}),
        "leaves exchanged": [*plain[: leaf - 1], plain[leaf], plain[leaf - 1], *plain[leaf + 1 :]],
        "no head": [line for line in plain if "checkpoint" not in line],
        "no head over all leaves": plain[:checkpoint] + plain[checkpoint + 1 :],
        "a head of another log": [*plain[: checkpoint + 1], {"checkpoint": elsewhere}, *plain[checkpoint + 1 :]],
        "a private document": [*plain[:document], {"document": c.record.raw.decode()}, *plain[document:]],
        "a document in no log": [*plain[:document], stranger, *plain[document:]],
        "a broken document": with_line(document, {"document": plain[document]["document"].replace("a", "b", 1)}),
        "no charter": [line for line in plain if '"type":"Charter"' not in line.get("document", "")],
        "a line that nobody knows": [*plain, {"extra": 1}],
        "two things in a line": [*plain, {"blob": "", "leaf": [0, "0" * 64]}],
        "no header": plain[1:],
        "another format": with_line(0, {"header": {**plain[0]["header"], "format": "lecs-ledger-9"}}),
        "another charter": with_line(0, {"header": {**plain[0]["header"], "charter": c.policy.digest}}),
        "a log twice": [*plain, plain[find(plain, "log")[0]]],
    }  # fmt: skip


NAMES = [
    "another text", "another salt", "no record", "another record first", "another record last",
    "a public document as private", "a text without a fact", "a leaf left out", "a leaf of another class",
    "leaves exchanged", "no head", "no head over all leaves", "a head of another log", "a private document",
    "a document in no log", "a broken document", "no charter", "a line that nobody knows", "two things in a line",
    "no header", "another format", "another charter", "a log twice",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_forged_file_is_refused(made, tmp_path, name: str) -> None:
    """The end line is no signature: documents, heads, facts and commitments are what is checked."""
    cases = forged(made, tmp_path / "file")
    assert sorted(cases) == sorted(NAMES)
    plain = write(tmp_path / "plain", entries(tmp_path / "file"))
    assert read_export(plain).items, "the same writer makes a file that is accepted"
    with pytest.raises((RecordError, HomeError)):
        read_export(write(tmp_path / "forged", cases[name]))


def test_problems_name_the_line(made, tmp_path) -> None:
    """So that a person can look."""
    lines = entries(tmp_path / "file")
    lines[2] = {"document": lines[2]["document"].replace('"proofValue":"z', '"proofValue":"z2', 1)}
    with pytest.raises(RecordError, match="line 3"):
        read_export(write(tmp_path / "forged", lines))
    raw = (tmp_path / "file").read_bytes().splitlines(keepends=True)
    (tmp_path / "forged").write_bytes(b"".join([*raw[:4], b"{no json\n", *raw[5:]]))
    with pytest.raises(RecordError, match="line 5"):
        read_export(tmp_path / "forged")


def test_a_fork_is_kept_and_spread(made, adopted_home, tmp_path) -> None:
    """Two histories of one log: the second is not taken over, both heads are kept, and the file still travels."""
    with adopted_home(tmp_path / "other", made) as other:
        store_import(other, read_export(tmp_path / "file"), accepted=TIME)
        lines = entries(tmp_path / "file")
        log = lines[find(lines, "log")[0]]["log"]["origin"]
        short = [line["leaf"] for line in lines if "leaf" in line][:-2]
        kept = {digest for kind, digest in short if kind == 0}
        short.append([1, "e" * 64])
        root = tree_root([leaf_data(kind == 1, digest) for kind, digest in short])
        with made.open() as home:
            head = sign_checkpoint(Head(log, len(short), root), home.node)
        documents = [
            line for line in lines if "document" in line
            and hashlib.sha256(line["document"].encode()).hexdigest() in kept
        ]  # fmt: skip
        rival = [
            lines[0],
            *documents,
            {"log": {"origin": log}},
            *({"leaf": leaf} for leaf in short),
            {"checkpoint": head},
        ]
        before = other.ledger.cut()
        assert store_import(other, read_export(write(tmp_path / "rival", rival))).forks == 1
        assert other.ledger.cut() == before
        report = verify_home(other)
        assert (report.problems, report.forks) == ([], 1)
        write_export(other, tmp_path / "spread", with_vault=True)
    with adopted_home(tmp_path / "third", made) as third:
        store_import(third, read_export(tmp_path / "spread"), accepted=TIME)
        assert (verify_home(third).problems, verify_home(third).forks) == ([], 1)
