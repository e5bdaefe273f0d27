"""How a job ends without a result: one exception, with a reason that a program can read. No message quotes a text."""

from enum import StrEnum


class Why(StrEnum):
    """Why there is no result."""

    REFUSED = "refused"  #: the worker would not do it; ``rule`` names its reason
    CANCELLED = "cancelled"  #: whoever asked for it did not want it any more
    LATE = "late"  #: its time was over
    ENDED = "ended"  #: the worker's process ended
    FORBIDDEN = "forbidden"  #: the worker made a system call that ends it
    MALFORMED = "malformed"  #: the worker's bytes broke a rule of the protocol
    TOO_MUCH = "too-much"  #: the worker gave more bytes than the job may have
    NO_SANDBOX = "no-sandbox"  #: no box can be built here
    STOPPING = "stopping"  #: the node stops


class JobFailed(Exception):
    """A job that ended without a result, once and for all; it may be run again elsewhere."""

    def __init__(self, why: Why, sentence: str, rule: str = "") -> None:
        """``rule``: the name that the worker gave its reason, where it gave one."""
        super().__init__(sentence)
        self.why = why
        self.rule = rule
