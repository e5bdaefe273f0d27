"""Keys that were found to be no persons of their own."""

from governance.disputes.cases import cases_of
from governance.ledger import Ledger
from substrate.record.authority import Roles


def convicted_of(ledger: Ledger, roles: Roles) -> frozenset[str]:
    """Respondents of disputes about identity whose last decision upheld them.

    The board that hears appeals is judged without this fold (who sits there depends on who votes, and who votes on who
    was convicted), by what the charter's roles carry.
    """
    cases = cases_of(ledger, roles)
    return frozenset(
        case.respondent for case in cases.values() if case.about == "identity" and case.finding == "upheld"
    )
