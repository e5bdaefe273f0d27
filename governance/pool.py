"""The stability pool: a reserve of money, and what shares of it excess credit would exchange for. Accounting only.

It is the one place where credit touches money, so it is off until both chambers switch it on, and even then nothing
here pays anybody: it says what a share would be. Credit is not handed over; what is exchanged is used up by a spend.
"""

from governance.credits.fold import Credits
from governance.exact import NANO, UNIT
from governance.ledger import Ledger
from governance.members.admitted import Members
from governance.parameters import Timeline
from substrate.record.authority import Roles

_PER_NANO = UNIT // NANO


def reserve_of(ledger: Ledger, roles: Roles) -> dict[str, int]:
    """What is in the reserve by currency, in hundredths: what stewards signed in, less what they signed out."""
    reserve: dict[str, int] = {}
    for document in ledger.of("PoolEntry"):
        if roles.carried(document, "steward"):
            body = document.body
            amount = -body["amount"] if body["entry"] == "paid-out" else body["amount"]
            reserve[body["currency"]] = reserve.get(body["currency"], 0) + amount
    return dict(sorted(reserve.items()))


def shares_of(
    reserve: int, credits: Credits, members: Members, timeline: Timeline, days: int, time: str
) -> dict[str, int]:
    """Hundredths of a currency that each member's excess credit would exchange for; empty while the pool is off.

    Excess is balance above the threshold, earned long enough ago and from audited work: no more of it counts than
    weighs in votes. Shares are pro rata and capped; what a cap leaves over stays in the reserve.
    """
    if not timeline.whole("pool-open", time) or credits.epoch is None or reserve <= 0:
        return {}
    threshold = timeline.at("pool-threshold", time) * _PER_NANO
    excess = {}
    for name, account in credits.accounts.items():
        oldest = min((line.epoch for line in account.earned if line.epoch is not None), default=credits.epoch)
        old = (credits.epoch - oldest) * days * NANO >= timeline.at("pool-age-days", time)
        units = min(account.available - threshold, credits.weighing.get(name, 0))
        if old and units > 0 and name in members.persons:
            excess[name] = units
    together = sum(excess.values())
    most = reserve * timeline.at("pool-share-cap", time) // NANO
    return {name: min(most, reserve * units // together) for name, units in sorted(excess.items())}
