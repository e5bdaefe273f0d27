"""Who comes in at once, who waits, and who never: by the charter and by the keys of the inviting home."""

import pytest

from compute_mesh.node.admitting import admit, state_of
from compute_mesh.node.bench import replica_of
from compute_mesh.node.context import context_of
from compute_mesh.node.joining import check_ticket
from compute_mesh.peers.ticket import Ticket
from compute_mesh.transport.address import Address
from consent.keycare import remove_key
from substrate.record.errors import MalformedDocument, UnknownCommons
from substrate.store.errors import HomeExists, NoHome
from substrate.store.home import complete_home, make_keys, open_home

NOW, END = "2026-11-29T10:00:00Z", "2026-11-30T10:00:00Z"


@pytest.fixture
def found(tmp_path):
    """Found a commons; ``found(threshold=2)`` has a second steward elsewhere."""
    from consent.founding import CHARTER_DEFAULTS, found_commons

    def make(name="founder", **charter):
        found_commons(tmp_path / name, {**CHARTER_DEFAULTS, **charter}, {"format": "of the tests"}, (), NOW)
        return tmp_path / name

    return make


def test_one_steward_is_enough_and_asking_again_changes_nothing(found, commons) -> None:
    """The change is in force at once; the newcomer's log is taken whole from then on."""
    newcomer = commons.key("newcomer").did
    with open_home(found()) as home:
        assert not replica_of(home).admitted(newcomer)
        assert state_of(home, newcomer) == "pending"
        assert admit(home, newcomer, NOW) == "admitted"
        before = home.ledger.high_water()
        assert admit(home, newcomer, NOW) == "admitted"
        assert home.ledger.high_water() == before
        assert state_of(home, newcomer) == "admitted"
        assert replica_of(home).admitted(newcomer)


def test_with_more_stewards_the_newcomer_waits_for_one_proposal(found, commons) -> None:
    """It is signed once, however often the newcomer asks."""
    newcomer = commons.key("newcomer").did
    path = found()
    with open_home(path) as home:
        from consent.keycare import change_charter

        other = commons.key("steward 1").did
        change_charter(home, NOW, [{"role": "steward", "key": other}], [], {"threshold": 2})
        assert admit(home, newcomer, NOW) == "pending"
        before = home.ledger.high_water()
        assert admit(home, newcomer, NOW) == "pending"
        assert home.ledger.high_water() == before


def test_without_a_stewards_key_the_newcomer_waits(found, commons) -> None:
    """Nothing is signed."""
    path = found()
    (path / "keys" / "steward.json").unlink()
    with open_home(path) as home:
        before = home.ledger.high_water()
        assert admit(home, commons.key("newcomer").did, NOW) == "pending"
        assert home.ledger.high_water() == before


def test_a_removed_key_never_comes_back(found, commons) -> None:
    """A sentence instead of a state; its log is still followed, up to where it counts."""
    node = commons.key("newcomer").did
    with open_home(found()) as home:
        admit(home, node, NOW)
        remove_key(home, "node", node, NOW)
        assert admit(home, node, NOW).startswith("The charter removed")
        assert state_of(home, node) == "removed"
        assert replica_of(home).admitted(node)


def test_which_tickets_a_home_may_use(found, tmp_path, commons) -> None:
    """Not an expired one, not its own, not for another commons, and none where there is nothing to join."""
    path = found()
    make_keys(path, "node", "transport")
    context = context_of(path)
    with open_home(path) as home:
        here = home.commons, home.charter
    address = Address(commons.key("t").public.hex(), ("192.0.2.1:4100",))

    def ticket(expires=END, node=commons.node.did, where=here):
        return Ticket(where[0], where[1], node, bytes(16), expires, address).to_text()

    context.now = lambda: NOW
    with pytest.raises(HomeExists):
        check_ticket(context, ticket())
    with pytest.raises(MalformedDocument, match="ended"):
        check_ticket(context, ticket(expires=NOW))
    with pytest.raises(MalformedDocument, match="very node"):
        check_ticket(context, ticket(node=context.node))
    with pytest.raises(UnknownCommons):
        check_ticket(context, ticket(where=("urn:lecs:commons:" + "1" * 32, here[1])))
    with pytest.raises(NoHome):
        context_of(tmp_path / "nothing")


def test_keys_become_a_home_once(tmp_path, commons) -> None:
    """The pin comes last; what stood there before, keys above all, stays."""
    path = tmp_path / "keys only"
    keyring = make_keys(path, "node", "transport")
    node = keyring.signer("node").did
    make_keys(path, "node", "transport")
    complete_home(path, commons.id, commons.charter.digest)
    with open_home(path) as home:
        assert home.node.did == node
        assert (home.commons, home.charter) == (commons.id, commons.charter.digest)
    with pytest.raises(HomeExists):
        complete_home(path, commons.id, commons.charter.digest)
