"""What the pages of governance call things."""

from typing import Final

from consent.desk.words import mark as _

STATES: Final[dict[str, str]] = {
    "open": _("You can vote now"),
    "counting": _("Votes are being shown"),
    "adopted": _("Accepted. It waits for its day."),
    "in-force": _("Accepted. It counts now."),
    "rejected": _("Not accepted"),
    "void": _("It can never count"),
}
REASONS: Final[dict[str, str]] = {
    "unknown-parameter": _("It names a rule that there is not."),
    "outside-the-scope": _("It asks for more than its part of the rules."),
    "out-of-bounds": _("No vote can set this rule so."),
    "below-the-minimum": _("It takes from the share that is sure for all."),
    "stewards-enact": _("The stewards still decide here."),
    "not-in-the-cut": _("It came too late for its own vote."),
    "not-by-a-member": _("It was not made by a member."),
    "too-many": _("One person made too many at a time."),
}
SCOPES: Final[dict[str, str]] = {
    "mixture": _("How often texts are used"),
    "privacy": _("What is kept private"),
    "inclusion": _("Who is let in"),
    "board": _("Who is on the board"),
    "machines": _("How machines are checked"),
    "credits": _("What work is worth"),
    "floor": _("The share that is sure for all"),
    "constitution": _("How we decide"),
}
CHAMBERS: Final[dict[str, str]] = {
    "contributor": _("All members, one vote each"),
    "technical": _("Those who run machines, by their work"),
}
CHOICES: Final[dict[str, str]] = {"yes": _("Yes"), "no": _("No"), "abstain": _("I do not say")}
COUNTED: Final[dict[str, str]] = {**CHOICES, "unrevealed": _("Never shown")}
ACTS: Final[dict[str, str]] = {
    "Recipe": _("A new recipe: how often each text is used"),
    "Policy": _("New rules on what may be used"),
    "Notice": _("New words that people agree to"),
    "ReferenceTable": _("A new table of what work is worth"),
    "BoardTerm": _("A person comes to the board"),
    "Recall": _("A person leaves the board"),
    "": _("An act that this place does not have yet"),
}
RULES: Final[dict[str, str]] = {
    "floor-tokens-per-day": _("Words a day that are sure for all"),
    "floor-queue-hours": _("Hours by which such work is done"),
    "half-life-days": _("Days until a credit is worth half"),
    "age-days": _("Days until a credit gives a voice"),
    "audit-rate": _("Share of work that is checked"),
    "deterred-share": _("Share of false work that must not pay"),
    "auditors-to-freeze": _("Checkers who can stop an account"),
    "providers": _("Parts in which a credit is spent"),
    "vouches-per-year": _("People for whom you can speak in a year"),
    "seeds": _("Members with whom trust begins"),
    "seed-capacity": _("People that one of them can bring"),
    "fan-out": _("How fast trust gets less"),
    "proposals-per-epoch": _("Proposals of one person at a time"),
    "quorum-contributor": _("Share of members who have to vote"),
    "quorum-technical": _("Share of the work that has to vote"),
    "penetration": _("Share of false people that we allow for"),
    "time-lock-days": _("Days from the count until it counts"),
    "weight-cap": _("The most that one person counts"),
    "organisation-cap": _("The most that one firm or group counts"),
    "pool-open": _("Whether credits can be swapped for money"),
    "pool-share-cap": _("The most of the money for one person"),
    "pool-threshold": _("Credits above this can be swapped"),
    "pool-age-days": _("How old such credits have to be, in days"),
}
LINES: Final[dict[str, str]] = {
    "earned": _("Work that you did for others. You and they said the same."),
    "held": _("The same, but put aside. It may still be checked."),
    "pending": _("Work of a day that is not closed yet."),
    "spent": _("Used up, to be served sooner. Nobody got it."),
    "decayed": _("What time took off. Old work counts less."),
}
FROZEN: Final[dict[str, str]] = {
    "audits": _("Checks found false work. You can open a dispute."),
    "fork": _("A log of your machine tells two stories. You can open a dispute."),
}
ABOUT: Final[dict[str, str]] = {
    "audit": _("A check of work was wrong"),
    "settlement": _("Work was counted wrong"),
    "identity": _("A key is not a person of its own"),
    "vote": _("A vote was not fair"),
    "stop": _("Something was stopped without cause"),
}
DISPUTES: Final[dict[str, str]] = {
    "open": _("Waits for an answer"),
    "answered": _("Waits for a decision"),
    "decided": _("Decided. One side can still ask again."),
    "appealed": _("The board looks at it again"),
    "final": _("Settled"),
}
BUCKETS: Final[dict[str, str]] = {
    "0": _("none"),
    "1": _("up to 1"),
    "10": _("up to 10"),
    "100": _("up to 100"),
    "more": _("more than 100"),
}
CHOOSE: Final = _("Choose an answer.")
CLOSED: Final = _("The time to vote is over.")
NO_MEMBER: Final = _("Your key is not a member’s. Other members have to speak for you first.")
SAY_ALL: Final = _("Say what it is about, whose key it is, and why, in one line.")
