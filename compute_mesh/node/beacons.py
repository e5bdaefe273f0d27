"""What draws auditors: a public statement of a third node that did not exist when the receipt was signed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from compute_mesh.audit.policy import unrelated
from compute_mesh.jobservice.handing import Drawn
from compute_mesh.node.owners import CandidateOf, alone, candidates
from substrate.record.authority import is_authorised
from substrate.record.errors import UnknownCommons
from substrate.store.home import Home

#: Kinds of statements that draw: there are some every day wherever jobs are run and audited.
KINDS: Final = ("AuditVerdict", "Settlement")


@dataclass(eq=False)
class Beacons:
    """The statements of a home that may draw, read anew when documents came in; all calls are from one thread."""

    _mark: int = -1
    _listed: list[tuple[str, Drawn]] = field(default_factory=list)
    _candidate: CandidateOf = alone

    def first(self, home: Home, after: str, parties: tuple[str, str]) -> Drawn | None:
        """Of those that third nodes signed later than ``after`` the first, by time and digest."""
        return next(self._drawing(home, after, parties), None)

    def named(self, home: Home, digest: str, after: str, parties: tuple[str, str]) -> Drawn | None:
        """The one of that digest, where it is here and may draw."""
        return next((one for one in self._drawing(home, after, parties) if one.beacon == digest), None)

    def _drawing(self, home: Home, after: str, parties: tuple[str, str]) -> Iterator[Drawn]:
        self._read(home)
        involved = [self._candidate(party) for party in parties]
        for signed, drawn in self._listed:
            if signed > after and all(unrelated(self._candidate(drawn.signer), party) for party in involved):
                yield drawn

    def _read(self, home: Home) -> None:
        mark = home.ledger.high_water()
        if mark == self._mark:
            return
        try:
            roles = home.roles()
        except UnknownCommons:
            return
        found = [one for one in home.ledger.documents(kinds=KINDS) if one.known and is_authorised(one, roles)]
        listed = [(str(one.body["proof"]["created"]), Drawn(one.digest, one.signer)) for one in found]
        self._listed = sorted(listed, key=lambda pair: (pair[0], pair[1].beacon))
        self._mark, self._candidate = mark, candidates(home)
