"""Why a job is refused: every rule by name, and what it means. docs/reference/jobs.md shows this table."""

from dataclasses import dataclass
from typing import Final

#: In the order in which they are looked at.
RULES: Final[dict[str, str]] = {
    "not-a-manifest": "the bytes are no document of the kind JobManifest",
    "form": "a key is missing, or a value has another form than its key asks for",
    "unknown-type": "a type of job that nobody runs: there are inference, embeddings, lora and evaluation",
    "extra-field": "a key that a manifest does not have",
    "size": "the document, a list or a blob is larger than a manifest may name",
    "bounds": "a number outside its bounds",
    "signature": "the signature does not hold",
    "audience": "made for another commons",
    "stranger": "signed by a key that is neither an admitted node's nor a member's",
    "blocked": "the operator of this node has nothing to do with the submitter",
    "deadline": "the deadline has passed, or lies further ahead than a month",
    "replay": "the submitter used this idempotency key before",
    "model-unknown": "no approval by the stewards is in force under that digest",
    "model-revoked": "the stewards took the approval of the model back",
    "model-expired": "the approval of the model has expired",
    "model-use": "the model is not approved for jobs of this type",
    "model-other": "the digest is not that of the approved model's bytes",
    "stopped": "stewards stopped the model, or jobs of this type, for some days",
    "adapter-withdrawn": "the adapter holds a text that was taken back",
    "recipe": "the training recipe breaks one of its own rules",
    "inputs": "the inputs do not fit the type of the job",
    "type-declined": "the operator of this node does not run jobs of this type",
    "texts-declined": "the operator of this node does not let the submitter compute on texts that lie here",
    "holder": "the texts that are meant lie on another node",
    "limits": "the job asks for more memory, time or output than this node gives",
    "privacy": "the job asks for a class of privacy that this node does not have",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A job that does not run. ``rule`` is a key of `RULES`; ``sentence`` says what is wrong and quotes no input."""

    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.sentence}"


def refused(rule: str, detail: str = "") -> Refused:
    """The refusal by a rule, with what is wrong in this case."""
    return Refused(rule, f"{RULES[rule]} ({detail})" if detail else RULES[rule])
