"""The authority table in words, and the groups of kinds that `substrate.record.authority` judges alike."""

from typing import Final

#: For each kind: who may make the statement. `is_authorised` is the code of this table.
AUTHORITY: Final[dict[str, str]] = {
    "Charter": "whoever founded: valid because its digest is pinned",
    "CharterChange": "stewards (threshold) of the charter as it was before",
    "Policy": "stewards (threshold), or the chambers once the charter says so",
    "Notice": "stewards (threshold), or the chambers once the charter says so",
    "Recipe": "stewards (threshold), or the chambers once the charter says so",
    "ModelApproval": "stewards (threshold)",
    "ModelRevocation": "stewards (threshold)",
    "Approval": "a steward for acts, a moderator for decisions",
    "ConsentRecord": "any key that the record names; counts only through a fact",
    "CoConsent": "any key; counts only through a fact",
    "ConsentFact": "an admitted node, or this home's own",
    "PartyConsent": "the node that accepted the contribution, or its successor",
    "ConsentWithdrawal": "the fact's withdrawal key; otherwise private, and only its ConsentChange counts",
    "ConsentNarrowing": "the fact's withdrawal key; otherwise private, and only its ConsentChange counts",
    "ConsentChange": "the node that accepted the contribution, or its successor",
    "ModerationDecision": "moderators (panel)",
    "Appeal": "the fact's withdrawal key; changes no view",
    "CaseNote": "a steward or a moderator; changes no view",
    "Redaction": "the node that accepted the contribution, or its successor",
    "HeldReading": "a steward or a moderator",
    "Erased": "an admitted node, or this home's own: for the copy that it held",
    "DatasetVersion": "an admitted node, or this home's own",
    "TrainingRun": "an admitted node, or this home's own",
    "Adapter": "an admitted node, or this home's own",
    "Evaluation": "an admitted node, or this home's own",
    "HomeRestored": "an admitted node, or this home's own: for its own logs",
    "TextsImported": "an admitted node, or this home's own: about its own home",
    "JobManifest": "the submitter; changes no view",
    "JobReceipt": "the worker; changes no view",
    "JobAcceptance": "the submitter; changes no view",
    "Settlement": "the party whose side it states: a worker is an admitted node, a submitter one or a member",
    "AuditVerdict": "an admitted node, or this home's own: not about itself",
    "AuditAppeal": "an admitted node, or this home's own: about a verdict on itself",
    "AuditRuling": "moderators (panel)",
    "ReferenceTable": "stewards (threshold), or the chambers once the charter says so",
    "Vouch": "a member",
    "MemberBinding": "the party whose side it states: any person, an admitted node",
    "Proposal": "a member; carried by stewards (threshold) until the charter gives enactment to the chambers",
    "VoteCommitment": "a member",
    "VoteReveal": "a member",
    "ClosingCut": "stewards (threshold)",
    "BoardTerm": "stewards (threshold), or the chambers once the charter says so",
    "Recall": "stewards (threshold), or the chambers once the charter says so",
    "DisputeOpened": "a member or an admitted node",
    "DisputeAnswered": "a member or an admitted node; counts only by the respondent",
    "DisputeDecided": "moderators (panel); on appeal the board, or stewards (threshold) while none sits",
    "DisputeAppealed": "a member or an admitted node; counts only by a party",
    "EmergencyStop": "stewards (threshold)",
    "PoolEntry": "stewards (threshold)",
    "PrioritySpend": "the member who spends",
}

#: Acts that stewards put in force until the charter gives that to the chambers.
GOVERNED_ACTS: Final = frozenset({"Policy", "Notice", "Recipe", "ReferenceTable", "BoardTerm", "Recall"})
STEWARD_ACTS: Final = GOVERNED_ACTS | {"ModelApproval", "ModelRevocation"}
#: What stewards say together beside their acts: others approve until the threshold is reached.
STEWARD_STATEMENTS: Final = frozenset({"CharterChange", "ClosingCut", "EmergencyStop", "PoolEntry", "Proposal"})
#: What any member may say; whether it counts the fold of its subject decides.
MEMBER_STATEMENTS: Final = frozenset({"Vouch", "Proposal", "VoteCommitment", "VoteReveal", "PrioritySpend"})
DISPUTE_STATEMENTS: Final = frozenset({"DisputeOpened", "DisputeAnswered", "DisputeAppealed"})
#: What nodes state about what they did, about no contribution in particular or about their own copy of it.
NODE_STATEMENTS: Final = frozenset(
    {
        "ConsentFact", "Erased", "DatasetVersion", "TrainingRun", "Adapter", "Evaluation", "HomeRestored",
        "TextsImported", "AuditAppeal",
    }
)  # fmt: skip
#: Kinds that the fold of roles needs; there are few of them.
ROLE_KINDS: Final = STEWARD_ACTS | {"Charter", "CharterChange", "Approval"}
