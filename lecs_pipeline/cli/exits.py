"""Exit codes: one number per cause, the same for every command. docs/reference/exit-codes.md shows this table."""

from typing import Final

EXIT_CODES: Final[dict[int, tuple[str, str]]] = {
    0: ("ok", "Done. Rows that were refused are listed with their reasons."),
    1: ("fault", "A fault of the program itself; no text is in its message."),
    2: ("usage", "The command line is not right: an unknown option, or one that is missing."),
    3: ("all-refused", "Every row was refused, so nothing was taken."),
    4: ("home", "There is no home here, one that may not be overwritten, or one of a newer program."),
    5: ("not-found", "No such contribution, version, document, model or file, or a file that cannot be used."),
    6: ("no-authority", "This key may not make this statement."),
    7: ("malformed", "Input that cannot be read: the message names the rule."),
    8: ("bad-signature", "A signature does not hold."),
    9: ("bad-inclusion", "A Merkle path, a root, a commitment or a signed head does not fit."),
    10: ("unknown-commons", "It belongs to another commons."),
    11: ("withdrawn", "The consent was taken back since, or the text was erased."),
    12: ("tampered", "Stored bytes are not those that were stored: the message names what and where."),
    13: ("busy", "Another process holds what is needed."),
    14: ("build-stopped", "A check stopped the build; nothing was published."),
    15: ("unsafe-key", "A key file that others can read, or that is damaged."),
    16: ("not-narrower", "The change would not make anything stricter."),
    17: (
        "lost-erasures",
        "Texts erased since the backup or export might come back: nothing here tells which. Nothing was taken in.",
    ),
    18: ("not-held", "The text is not held, or it was marked since somebody looked at it: look again."),
    19: (
        "recall-below-floor",
        "The redactor of these texts was not measured, or finds too little. Nothing was released.",
    ),
    20: ("not-ready", "The release checklist does not hold: the table says which entry, and what to do."),
    21: ("no-node", "No node is running on this home: `lecs node start` starts one."),
    22: ("unreachable", "A peer could not be met, or did not answer as it should."),
    27: ("part-stopped", "A process of `lecs up` ended and could not be kept running; everything was stopped."),
    28: ("disk-full", "There is no room left. Make some and run the same command again: it goes on where it was."),
    29: ("read-only", "The disk or the file of this home cannot be written."),
    40: (
        "model-refused",
        "A model that does not run here: the message begins with why (unknown, other-use, expired, revoked, missing).",
    ),
    41: ("model-unreadable", "A GGUF file that is refused: the message begins with the rule that it breaks."),
    42: ("too-large", "The model, or what was asked of it, needs more memory or context than there is."),
    43: ("processor", "This processor lacks instructions that the installed llama.cpp needs."),
    45: (
        "not-admitted",
        "The gate does not admit a text of this version for this use any more: build a new version, and use that.",
    ),
    46: ("training-failed", "The training process ended early. Run it again: it goes on at its last checkpoint."),
    47: ("job-refused", "A job that no node may run as it is: the message names the rule that it breaks."),
    48: ("job-failed", "A job that ended without a result: the message begins with why."),
    49: ("job-cancelled", "A job that was cancelled before it was done."),
    50: ("no-voice", "No key is here that could say this: `--as NAME` says whose key speaks."),
    51: ("void-proposal", "A proposal that could never have an effect: the message begins with why."),
    52: ("vote-closed", "The time to vote on this proposal is over: the message says how it stands."),
    53: ("not-closable", "An epoch that is not over, or a vote that is: a closing of it would not count."),
    54: ("vouch-refused", "A vouch that would not count, or one to take back that was never given."),
    55: ("not-this-step", "The dispute is at another step, or the deadline of this one has passed."),
    56: ("nothing-to-spend", "At one provider and in one epoch less credit than this can be spent."),
    57: ("other-notice", "Another text is in force here under this version of the notice. Nothing was signed."),
    130: ("interrupted", "Stopped by the keyboard. Run it again: it goes on where it was."),
}


def exit_code(error: BaseException) -> int:
    """The code for an exception, by its class or the nearest parent that is listed.

    What a running node could not do it tells with the ``cause`` there.
    """
    cause = getattr(error, "cause", None)
    if isinstance(cause, str) and cause in _BY_NAME:
        return _BY_NAME[cause]
    for cls in type(error).__mro__:
        if cls.__name__ in _BY_NAME:
            return _BY_NAME[cls.__name__]
    return 1


def name_of(code: int) -> str:
    """The short name of a code."""
    return EXIT_CODES[code][0]


#: By name, so that no room has to be imported to know the code of what it did not raise.
_BY_NAME: Final[dict[str, int]] = {
    "NoHome": 4,
    "HomeExists": 4,
    "NewerFormat": 4,
    "NotFound": 5,
    "OSError": 5,
    "NoAuthority": 6,
    "MalformedDocument": 7,
    "MalformedLine": 7,
    "UnreadableSource": 7,
    "InvalidCharter": 7,
    "BadAccount": 7,
    "InvalidForm": 7,
    "TextRefused": 7,
    "QueryRefused": 7,
    "CorpusError": 7,
    "InvalidSpan": 7,
    "InvalidAdapter": 7,
    "InvalidGrammar": 7,
    "TakenBack": 11,
    "NotAdmitted": 45,
    "TrainingFailed": 46,
    "ModelRefused": 40,
    "BadGguf": 41,
    "TooLarge": 42,
    "ProcessorTooOld": 43,
    "UnicodeDecodeError": 7,
    "BadSignature": 8,
    "BadInclusion": 9,
    "ForkedLog": 9,
    "UnknownCommons": 10,
    "Tampered": 12,
    "DatabaseError": 12,
    "Busy": 13,
    "BuildStopped": 14,
    "UnsafeKey": 15,
    "NotNarrower": 16,
    "LostErasures": 17,
    "NotHeld": 18,
    "TextChanged": 18,
    "RecallBelowFloor": 19,
    "PartStopped": 27,
    "NoNode": 21,
    "Failed": 22,
    "NoProvider": 22,
    "UnsoundRoot": 9,
    "TransportFailed": 22,
    "InvalidSettings": 7,
    "JobRefused": 47,
    "JobNotDone": 48,
    "JobCancelled": 49,
    "OtherNotice": 57,
    "NoVoice": 50,
    "VoidProposal": 51,
    "VoteClosed": 52,
    "NotClosable": 53,
    "VouchRefused": 54,
    "NotThisStep": 55,
    "NothingToSpend": 56,
    "DiskFull": 28,
    "ReadOnly": 29,
    "UnknownFailpoint": 2,
    "MixedPartitions": 2,
    "InvalidRunConfig": 2,
    "NotLoopback": 2,
    "KeyboardInterrupt": 130,
}
