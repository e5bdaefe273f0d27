"""A newer notice: founded with, adopted by stewards, and beside the older one."""

import hashlib
from pathlib import Path

import pytest

from consent.adopting import NoticeStanding, OtherNotice, adopt_notice, notice_standings
from consent.founding import CHARTER_DEFAULTS, adopt_commons, found_commons, steward_of
from consent.issue import newest_notice, notice_in_force, notices_in_force
from consent.keycare import change_charter
from consent.notice_texts import NOTICE_LANGUAGES, NOTICE_VERSIONS, notice_text
from substrate.record.documents import write_document
from substrate.record.errors import NoAuthority
from substrate.record.keys import Signer
from substrate.store.errors import NotFound
from substrate.store.home import Home, open_home

NOW = "2026-12-01T10:00:00Z"
OLD, NEW = "2026-11", "2026-12"
ID = "urn:uuid:00000000-0000-4000-8000-000000000001"
#: Of the texts, as they were signed in homes that exist.
SIGNED = {
    ("2026-11", "en"): "d3145812ef04ba3341d01e26391cacb6de5dbe3910ed7f0e964a69864151f2b6",
    ("2026-11", "de"): "5933a1157c5b4b6d5a9ea41e1c0e34a247586dd0ccab835983d29faaf8a2a613",
    ("2026-11", "es"): "3cee637c58827b6144d530b743ebee80dc36d63e619f71225bd71e9469d7e8c8",
    ("2026-12", "en"): "ae138601875d42b6feb8aaa4b6ad559fb0455c167f4e22bdd1eee41ba7599b96",
    ("2026-12", "de"): "637ef808e426539f221359f90e639a2b18855418be23d28eb482941c3f7cac50",
    ("2026-12", "es"): "fcecf6f2a9b5855cd795a21db4240ddd0eb853fb71851c64db760f8a276c7381",
}


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A home that was founded when there was one version."""
    return _found(tmp_path / "older", (OLD,))


def _found(path: Path, versions: tuple[str, ...]) -> Path:
    found_commons(path, CHARTER_DEFAULTS, {"format": "of the tests"}, (), NOW, versions)
    return path


def _states(standings: list[NoticeStanding], version: str) -> set[str]:
    return {one.state for one in standings if one.version == version}


def _carry(source: Home, target: Home) -> None:
    """What an exchange of ledgers does, without its logs."""
    known = {document.digest for document in target.ledger.documents()}
    with target.ledger.write() as writer:
        for document in source.ledger.documents():
            if document.digest not in known:
                writer.add(document)


def _second_home(home: Home, path: Path) -> str:
    """A home of another steward; returns their key."""
    adopt_commons(path, home.roles().charter)
    with open_home(path) as other:
        return other.keyring.create("steward").did


@pytest.mark.parametrize(("version", "language"), sorted(SIGNED))
def test_no_text_was_edited(version: str, language: str) -> None:
    text = notice_text(version, language)
    assert hashlib.sha256(text.encode()).hexdigest() == SIGNED[version, language]
    assert version in text.splitlines()[0]


def test_every_text_of_the_program_is_pinned() -> None:
    assert set(SIGNED) == {(version, language) for version in NOTICE_VERSIONS for language in NOTICE_LANGUAGES}


def test_a_new_commons_is_founded_with_all_versions(tmp_path: Path) -> None:
    found_commons(tmp_path / "home", CHARTER_DEFAULTS, {"format": "of the tests"}, (), NOW)
    with open_home(tmp_path / "home") as home:
        roles = home.roles()
        notices = notices_in_force(roles)
        assert {version: set(found) for version, found in notices.items()} == {
            version: set(NOTICE_LANGUAGES) for version in NOTICE_VERSIONS
        }
        assert newest_notice(roles) == NEW
        cited = set(roles.charter.body["notices"])
        assert cited == {notice.digest for found in notices.values() for notice in found.values()}
        assert adopt_notice(home, NEW, NOW)[1] is False


def test_an_older_commons_goes_on_until_its_steward_adopts(older: Path) -> None:
    with open_home(older) as home:
        before = {document.digest: document.raw for document in home.ledger.documents()}
        assert newest_notice(home.roles()) == OLD
        assert _states(notice_standings(home), NEW) == {"not-adopted"}
        standings, fresh = adopt_notice(home, NEW, NOW)
        assert (fresh, _states(standings, NEW)) == (True, {"in-force"})
        roles = home.roles()
        assert newest_notice(roles) == NEW
        for version in (OLD, NEW):
            for language in NOTICE_LANGUAGES:
                notice = notice_in_force(roles, version, language)
                assert notice.body["text"] == notice_text(version, language)
        after = {document.digest: document.raw for document in home.ledger.documents()}
        assert before.items() <= after.items(), "nothing signed changed"
        assert len(after) == len(before) + len(NOTICE_LANGUAGES)
        assert adopt_notice(home, NEW, NOW) == (standings, False)
        assert len(list(home.ledger.documents())) == len(after)


def test_a_version_that_the_program_lacks_is_named(older: Path) -> None:
    with open_home(older) as home, pytest.raises(NotFound, match="2026-11, 2026-12"):
        adopt_notice(home, "1999-01", NOW)


def test_another_text_under_the_version_stops_it(older: Path) -> None:
    """Nothing is signed, in no language."""
    with open_home(older) as home:
        own = {"version": NEW, "language": "es", "text": "Otra cosa."}
        notice = write_document("Notice", ID, home.commons, own, steward_of(home), NOW)
        with home.ledger.write() as writer:
            writer.add(notice)
        before = len(list(home.ledger.documents()))
        with pytest.raises(OtherNotice, match=notice.digest):
            adopt_notice(home, NEW, NOW)
        assert len(list(home.ledger.documents())) == before


def test_without_the_binding_language_the_older_is_given(older: Path) -> None:
    with open_home(older) as home:
        fields = {"version": NEW, "language": "de", "text": notice_text(NEW, "de")}
        with home.ledger.write() as writer:
            writer.add(write_document("Notice", ID, home.commons, fields, steward_of(home), NOW))
        assert newest_notice(home.roles()) == OLD
        adopt_notice(home, NEW, NOW)
        assert newest_notice(home.roles()) == NEW
        assert len(list(home.ledger.documents(kinds=["Notice"]))) == 6, "the German one is not signed again"


def test_a_strangers_copy_counts_for_nothing(older: Path) -> None:
    with open_home(older) as home:
        fields = {"version": NEW, "language": "en", "text": notice_text(NEW, "en")}
        stranger = write_document("Notice", ID, home.commons, fields, Signer(bytes(range(32))), NOW)
        with home.ledger.write() as writer:
            writer.add(stranger)
        assert newest_notice(home.roles()) == OLD
        adopt_notice(home, NEW, NOW)
        assert notice_in_force(home.roles(), NEW).digest != stranger.digest


def test_two_stewards_say_it_with_the_same_command(older: Path, tmp_path: Path) -> None:
    """The first signs and it waits, once; the second says yes to that; then it is in force in both homes."""
    with open_home(older) as home:
        key = _second_home(home, tmp_path / "second")
        change_charter(home, NOW, [{"role": "steward", "key": key}], [], {"threshold": 2})
        standings, fresh = adopt_notice(home, NEW, NOW)
        assert (fresh, _states(standings, NEW), newest_notice(home.roles())) == (True, {"waiting"}, OLD)
        assert adopt_notice(home, NEW, NOW) == (standings, False)
        with open_home(tmp_path / "second") as second:
            _carry(home, second)
            done, fresh = adopt_notice(second, NEW, NOW)
            assert (fresh, _states(done, NEW)) == (True, {"in-force"})
            assert [one.digest for one in done] == [one.digest for one in standings]
            assert adopt_notice(second, NEW, NOW) == (done, False)
            _carry(second, home)
        assert newest_notice(home.roles()) == NEW


def test_two_stewards_who_sign_apart_agree_on_one(older: Path, tmp_path: Path) -> None:
    with open_home(older) as home:
        key = _second_home(home, tmp_path / "second")
        change_charter(home, NOW, [{"role": "steward", "key": key}], [], {})
        with open_home(tmp_path / "second") as second:
            _carry(home, second)
            adopt_notice(home, NEW, NOW)
            adopt_notice(second, NEW, NOW)
            _carry(home, second)
            _carry(second, home)
            mine, theirs = (notice_in_force(one.roles(), NEW, "de").digest for one in (home, second))
            assert mine == theirs
            assert _states(adopt_notice(second, NEW, NOW)[0], NEW) == {"in-force"}


def test_chambers_decide_where_the_charter_says_so(older: Path) -> None:
    with open_home(older) as home:
        change_charter(home, NOW, [], [], {"enactment": "chambers"})
        standings, fresh = adopt_notice(home, NEW, NOW)
        assert (fresh, _states(standings, NEW)) == (True, {"waiting"})
        assert adopt_notice(home, NEW, NOW) == (standings, False)
        assert newest_notice(home.roles()) == OLD


def test_only_a_steward_adopts(older: Path, tmp_path: Path) -> None:
    with open_home(older) as home:
        _second_home(home, tmp_path / "second")
        adopt_commons(tmp_path / "third", home.roles().charter)
        for name, error in (("second", NoAuthority), ("third", NotFound)):
            with open_home(tmp_path / name) as other:
                _carry(home, other)
                with pytest.raises(error):
                    adopt_notice(other, NEW, NOW)
