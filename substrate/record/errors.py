"""Distrust, by the rule that was broken. No message ever quotes a text, a key or a code."""


class RecordError(Exception):
    """The base of every broken rule of the record."""


class MalformedDocument(RecordError):
    """Not a document of the profile: bad JSON, a wrong type, an unknown key, a value out of bounds."""


class BadSignature(RecordError):
    """The proof does not verify, or is not the one proof that the profile admits."""


class BadInclusion(RecordError):
    """A Merkle path, a root or a checkpoint does not fit."""


class NoAuthority(RecordError):
    """The signer may not make this statement."""


class UnknownCommons(RecordError):
    """The document belongs to another commons, or to none that is pinned here."""


class ForkedLog(RecordError):
    """Two heads of one log cannot both be true."""
