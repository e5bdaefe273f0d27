"""Whose account is frozen: after a proven fork, or after audits that found false work."""

from governance.ledger import Ledger
from governance.members.bindings import Bindings
from substrate.record.authority import Roles, is_authorised
from substrate.record.documents import Document


def standing_verdicts(ledger: Ledger, roles: Roles) -> list[Document]:
    """Verdicts by nodes that may audit, without those that moderators set aside."""
    aside = {
        one.body["verdict"]
        for one in ledger.of("AuditRuling")
        if one.body["ruling"] == "set-aside" and is_authorised(one, roles)
    }
    return [one for one in ledger.of("AuditVerdict") if one.digest not in aside and is_authorised(one, roles)]


def independent(document: Document, bindings: Bindings) -> bool:
    """Whether the auditor is another person than the worker, and of no organisation of the worker's."""
    auditor, worker = bindings.person(document.signer), bindings.person(document.body["worker"])
    return auditor != worker and not bindings.share_an_organisation(auditor, worker)


def frozen_accounts(
    ledger: Ledger, roles: Roles, bindings: Bindings, verdicts: list[Document], needed: int
) -> dict[str, str]:
    """For each frozen account why: ``fork``, or ``audits``.

    ``needed`` independent persons found work of the account inconsistent, or moderators ruled that one such verdict
    stands. One auditor alone freezes nobody.
    """
    upheld = {
        one.body["verdict"]
        for one in ledger.of("AuditRuling")
        if one.body["ruling"] == "stands" and is_authorised(one, roles)
    }
    against: dict[str, set[str]] = {}
    frozen: dict[str, str] = {}
    for one in verdicts:
        if one.body["verdict"] != "inconsistent" or not independent(one, bindings):
            continue
        account = bindings.person(one.body["worker"])
        against.setdefault(account, set()).add(bindings.person(one.signer))
        if one.digest in upheld or len(against[account]) >= needed:
            frozen[account] = "audits"
    frozen.update({bindings.person(node): "fork" for node in ledger.forked})
    return frozen
