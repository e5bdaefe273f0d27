"""What tests of several rooms share: a commons in memory, with deterministic keys and one document of each kind.

`Commons` signs real documents with real keys; nothing of ours is replaced by a stand-in.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from substrate.record.authority import Roles, fold_roles
from substrate.record.codes import record_signer, withdrawal_signer
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer
from substrate.store.home import Home, create_home, open_home
from substrate.store.vault import commitment

# A busy machine is slow, not wrong.
settings.register_profile("busy", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# A home waits for the disk at every commit. No test can tell whether it did (none cuts the power), so homes are made
# in memory where there is room: half of the time of the stories was this waiting. `--basetemp` puts them elsewhere.
_MEMORY, _ENOUGH = Path("/dev/shm"), 4 << 30  # noqa: S108 (pytest makes its own folder there)
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ENOUGH:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

#: Files that take longest come first, then the folders whose tests start processes: no worker of `make test` is left
#: alone with a long file at the end (it runs whole files, in this order).
LONGEST = (
    "stories/test_kills.py",
    "consent/redaction/test_hostile.py",
    "docs/test_how_to.py",
    "stories/",
    "docs/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order of `LONGEST`; within a file, and where no name there fits, tests stay as they were."""
    top = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        file = item.path.relative_to(top).as_posix()
        return next((place for place, start in enumerate(LONGEST) if file.startswith(start)), len(LONGEST))

    items.sort(key=rank)


TIME = "2026-11-22T10:00:00Z"
SALT = bytes(range(32))
TEXT = b"A story that was told at the kitchen table."


def hexadecimal(label: str) -> str:
    """64 hexadecimal digits that stand for ``label``."""
    return hashlib.sha256(f"tests/{label}".encode()).hexdigest()


def urn(label: str) -> str:
    """A ``urn:uuid:`` that stands for ``label``."""
    h = hexadecimal(label)
    return f"urn:uuid:{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:32]}"


class Commons:
    """A founded commons: two admitted nodes, three stewards, three moderators, one contribution.

    ``founding`` are the charter and what it cites; `one_of_each` has a valid document of every kind.
    """

    def __init__(
        self, *, threshold: int = 1, panel: int = 1, label: str = "commons", node: Signer | None = None, **charter: Any
    ) -> None:  # fmt: skip
        self.id = f"urn:lecs:commons:{hexadecimal(label)[:32]}"
        self.node = node or self.key("node")
        self.other_node = self.key("other node")
        self.stewards = [self.key(f"steward {n}") for n in range(3)]
        self.moderators = [self.key(f"moderator {n}") for n in range(3)]
        self.contributor = self.key("contributor")
        self.stranger = self.key("stranger")
        self.secret = bytes.fromhex(hexadecimal("secret"))[:20]
        self.withdrawal = withdrawal_signer(self.secret)
        self.record_key = record_signer(self.secret)
        self.contribution = urn("contribution")
        self.overrides = {"threshold": threshold, "panel": panel, **charter}
        self.policy = self.write("Policy", self.stewards[0])
        self.notice = self.write("Notice", self.stewards[0])
        self.recipe = self.write("Recipe", self.stewards[0])
        self.charter = self.write("Charter", self.stewards[0])
        self.founding = [self.policy, self.notice, self.recipe, self.charter]
        self.record = self.write("ConsentRecord", self.contributor)
        self.fact = self.write("ConsentFact", self.node)

    @staticmethod
    def key(label: str) -> Signer:
        """The key that stands for ``label``."""
        return Signer(bytes.fromhex(hexadecimal(f"key of {label}")))

    def write(
        self, kind: str, signer: Signer, label: str = "", audience: str | None = None, **changed: Any
    ) -> Document:
        """A document of ``kind``; ``changed`` replaces or (None) removes fields, ``label`` makes it another."""
        fields = {**self.fields(kind), **changed}
        return write_document(kind, urn(f"{kind} {label}"), audience or self.id, fields, signer, TIME)

    def roles(self, *documents: Document, own: str | None = None) -> Roles:
        """The roles after the founding documents and ``documents``."""
        return fold_roles([*self.founding, *documents], self.id, self.charter.digest, own)

    def signer_of(self, kind: str) -> Signer:
        """Whose signature counts for ``kind`` (of the threshold and panel of one)."""
        return {
            "ConsentRecord": self.contributor,
            "CoConsent": self.record_key,
            "ConsentFact": self.node,
            "PartyConsent": self.node,
            "Appeal": self.withdrawal,
            "CaseNote": self.moderators[0],
            "ConsentWithdrawal": self.withdrawal,
            "ConsentNarrowing": self.withdrawal,
            "ConsentChange": self.node,
            "ModerationDecision": self.moderators[0],
            "Redaction": self.node,
            "HeldReading": self.moderators[0],
            "Erased": self.node,
            "DatasetVersion": self.node,
            "TrainingRun": self.node,
            "Adapter": self.node,
            "Evaluation": self.node,
            "HomeRestored": self.node,
            "TextsImported": self.node,
            "JobManifest": self.other_node,
            "JobReceipt": self.node,
            "JobAcceptance": self.other_node,
            "Settlement": self.node,
            "AuditVerdict": self.other_node,
            "AuditAppeal": self.node,
            "AuditRuling": self.moderators[0],
            "DisputeAnswered": self.other_node,
            "DisputeDecided": self.moderators[0],
            "MemberBinding": self.contributor,
        }.get(kind, self.stewards[0])

    def one_of_each(self) -> dict[str, Document]:
        """A valid document of every kind, signed by whoever has the authority."""
        made = {d.kind: d for d in (*self.founding, self.record, self.fact)}
        others = (
            "CharterChange", "ModelApproval", "ModelRevocation", "Approval", "CoConsent", "ConsentWithdrawal",
            "ConsentNarrowing", "ConsentChange", "ModerationDecision", "Redaction", "HeldReading", "Erased",
            "DatasetVersion", "HomeRestored", "TextsImported", "PartyConsent", "Appeal", "CaseNote", "TrainingRun",
            "Adapter", "Evaluation", "JobManifest", "JobReceipt", "JobAcceptance", "Settlement", "AuditVerdict",
            "AuditAppeal", "AuditRuling", "ReferenceTable", "Vouch", "MemberBinding", "Proposal", "VoteCommitment",
            "VoteReveal", "ClosingCut", "BoardTerm", "Recall", "DisputeOpened", "DisputeAnswered", "DisputeDecided",
            "DisputeAppealed", "EmergencyStop", "PoolEntry", "PrioritySpend",
        )  # fmt: skip
        return made | {kind: self.write(kind, self.signer_of(kind)) for kind in others}

    def fields(self, kind: str) -> dict[str, Any]:
        """The kind's own fields in the plainest valid form."""
        maker: Callable[[], dict[str, Any]] = getattr(self, f"_{kind}")
        return maker()

    def _Charter(self) -> dict[str, Any]:  # noqa: N802
        return {
            "name": "A commons of tests",
            "controller": {"name": "The people of the tests", "contact": "tests@example.org"},
            "jurisdiction": "EU",
            "stewards": [s.did for s in self.stewards],
            "threshold": 1,
            "moderators": [m.did for m in self.moderators],
            "panel": 1,
            "nodes": [self.node.did, self.other_node.did],
            "members": [],
            "cohorts": 8,
            "cohortSeed": hexadecimal("cohort seed"),
            "holdDays": 0,
            "secondReader": False,
            "standings": ["contributor", "assisted-steward", "assisted-operator"],
            "previews": ["contributor", "steward", "none"],
            "floor": {"tokensPerDay": 10000, "queueHours": 24},
            "settlementDays": 1,
            "enactment": "stewards",
            "policy": self.policy.digest,
            "notices": [self.notice.digest],
            "recipe": self.recipe.digest,
            **self.overrides,
        }

    def _CharterChange(self) -> dict[str, Any]:  # noqa: N802
        return {
            "previous": [self.charter.digest],
            "added": [{"role": "member", "key": self.contributor.did}],
            "removed": [],
            "fields": {"holdDays": 1},
            "upTo": [{"log": f"{self.node.did}/{'0' * 16}", "size": 4, "root": hexadecimal("log root")}],
            "time": TIME,
        }

    def _Policy(self) -> dict[str, Any]:  # noqa: N802
        return {
            "content": {
                "format": "lecs-policy-1",
                "minors": "exclude",
                "students": "exclude",
                "sensitiveTiers": ["federated"],
                "conversation": ["all-party-consent", "redacted"],
                "rights": ["author", "rights-holder", "public-domain"],
            }
        }

    def _Notice(self) -> dict[str, Any]:  # noqa: N802
        return {"version": "2026-11", "language": "en", "text": "What you should know before you say yes.\n"}

    def _Recipe(self) -> dict[str, Any]:  # noqa: N802
        return {"content": {"format": "a recipe of the tests", "temperature": "0.7"}}

    def _ModelApproval(self) -> dict[str, Any]:  # noqa: N802
        file = {"path": "model.bin", "sha256": hexadecimal("a"), "blake3": hexadecimal("b"), "bytes": 3}
        return {
            "name": "a-model",
            "version": "1.0",
            "architecture": "none",
            "licence": "CC0-1.0",
            "source": "the tests",
            "uses": ["redaction"],
            "files": [file],
        }

    def _ModelRevocation(self) -> dict[str, Any]:  # noqa: N802
        return {"approval": hexadecimal("an approval"), "reason": "Its licence was not what it said."}

    def _Approval(self) -> dict[str, Any]:  # noqa: N802
        return {"act": hexadecimal("an act")}

    def _ConsentRecord(self) -> dict[str, Any]:  # noqa: N802
        return {
            "conformsTo": ["urn:p2plecs:consent-record:1"],
            "nonce": hexadecimal("nonce")[:32],
            "contributor": {"kind": "heteronym", "name": "Alice Thornburgh", "key": self.contributor.did},
            "withdrawalKey": self.withdrawal.did,
            "content": {
                "id": self.contribution,
                "textProfile": "p2plecs-text-1",
                "mediaType": "text/plain",
                "sizeClass": "under-1KiB",
                "commitment": {"alg": "HMAC-SHA-256", "value": commitment(SALT, TEXT)},
            },
            "tier": "public",
            "purposes": ["evaluate", "publish-text", "retrieve", "train"],
            "licence": "CC0-1.0",
            "rights": {"basis": "author"},
            "people": {"conversation": False, "parties": 1, "method": "not-applicable"},
            "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": []},
            "metadata": {"language": "en", "domain": "oral-history"},
            "notice": {"version": "2026-11", "language": "en", "digest": self.notice.digest},
            "redaction": {"redactor": "redactor-1", "preview": "contributor"},
            "processing": {
                "controllers": [{"name": "The people of the tests", "contact": "tests@example.org"}],
                "legalBasis": "eu-gdpr:A6-1-a-explicit-consent",
                "jurisdiction": "EU",
                "retention": "until-withdrawn",
                "withdrawalMethod": "with the code",
            },
            "event": {
                "type": "dpv:ExplicitlyExpressedConsent",
                "state": "dpv:ConsentGiven",
                "time": TIME,
                "method": "own-key",
            },
        }

    def _CoConsent(self) -> dict[str, Any]:  # noqa: N802
        return {
            "nonce": hexadecimal("co-nonce")[:32],
            "contribution": self.contribution,
            "record": self.record.digest,
            "party": "Speaker B",
            "tier": "public",
            "time": TIME,
        }

    def _ConsentFact(self) -> dict[str, Any]:  # noqa: N802
        return {
            "contribution": self.contribution,
            "record": self.record.digest,
            "row": commitment(SALT, TEXT),
            "withdrawalKey": self.withdrawal.did,
            "tier": "public",
            "purposes": ["evaluate", "publish-text", "retrieve", "train"],
            "standing": "contributor",
            "preview": "contributor",
            "language": "en",
            "sizeClass": "under-1KiB",
            "parties": {"required": 1, "given": 1},
            "redactor": "redactor-1",
            "time": TIME,
            "cohort": 3,
        }

    def _ConsentWithdrawal(self) -> dict[str, Any]:  # noqa: N802
        return {
            "nonce": hexadecimal("withdrawal nonce")[:32],
            "contribution": self.contribution,
            "authority": "withdrawal-key",
            "state": "dpv:ConsentWithdrawn",
            "eraseText": False,
            "time": TIME,
        }

    def _ConsentNarrowing(self) -> dict[str, Any]:  # noqa: N802
        return {
            "nonce": hexadecimal("narrowing nonce")[:32],
            "contribution": self.contribution,
            "authority": "withdrawal-key",
            "time": TIME,
            "tier": "training-only",
        }

    def _ConsentChange(self) -> dict[str, Any]:  # noqa: N802
        return {
            "contribution": self.contribution,
            "cites": hexadecimal("a private statement"),
            "withdrawn": True,
            "time": TIME,
        }

    def _ModerationDecision(self) -> dict[str, Any]:  # noqa: N802
        return {
            "contribution": self.contribution,
            "decision": "exclude",
            "grounds": ["third-party-privacy"],
            "statement": "It names a neighbour.",
            "automated": False,
            "time": TIME,
        }

    def _PartyConsent(self) -> dict[str, Any]:  # noqa: N802
        return {
            "contribution": self.contribution,
            "cites": hexadecimal("a co-consent"),
            "purposes": ["train"],
            "tier": "training-only",
            "time": TIME,
        }

    def _Appeal(self) -> dict[str, Any]:  # noqa: N802
        return {
            "nonce": hexadecimal("appeal nonce")[:32],
            "contribution": self.contribution,
            "decision": hexadecimal("a decision"),
            "statement": "The neighbour agreed.",
            "time": TIME,
        }

    def _CaseNote(self) -> dict[str, Any]:  # noqa: N802
        return {
            "nonce": hexadecimal("case nonce")[:32],
            "contribution": self.contribution,
            "what": "opened",
            "because": "report",
            "row": commitment(SALT, TEXT),
            "time": TIME,
        }

    def _Redaction(self) -> dict[str, Any]:  # noqa: N802
        return {
            "contribution": self.contribution,
            "rowBefore": commitment(SALT, TEXT),
            "rowAfter": hexadecimal("row after"),
            "redactor": "redactor-2",
            "time": TIME,
        }

    def _HeldReading(self) -> dict[str, Any]:  # noqa: N802
        return {"contribution": self.contribution, "row": commitment(SALT, TEXT), "reading": "marked", "time": TIME}

    def _Erased(self) -> dict[str, Any]:  # noqa: N802
        return {"contribution": self.contribution, "time": TIME}

    def _HomeRestored(self) -> dict[str, Any]:  # noqa: N802
        return {
            "fromLog": {"log": f"{self.node.did}/{'0' * 16}", "size": 4, "root": hexadecimal("log root")},
            "backupTime": TIME,
            "acceptedLostErasures": False,
            "dropped": 1,
            "time": TIME,
        }

    def _TextsImported(self) -> dict[str, Any]:  # noqa: N802
        return {
            "fromLogs": [{"log": f"{self.node.did}/{'0' * 16}", "size": 4, "root": hexadecimal("log root")}],
            "acceptedLostErasures": True,
            "items": 1,
            "time": TIME,
        }

    def _DatasetVersion(self) -> dict[str, Any]:  # noqa: N802
        return {
            "version": hexadecimal("version"),
            "format": "lecs-dataset-1",
            "recipe": self.recipe.digest,
            "policy": self.policy.digest,
            "steps": {"mixture": "1"},
            "root": hexadecimal("root"),
            "items": 1,
            "refused": 0,
            "builtFrom": {
                "cut": [{"log": f"{self.node.did}/{'0' * 16}", "size": 4, "root": hexadecimal("log root")}],
                "asOf": TIME,
                "wanted": hexadecimal("wanted"),
                "manifest": {"blake3": hexadecimal("manifest"), "bytes": 10},
            },
            "time": TIME,
        }

    def _model(self) -> dict[str, Any]:
        return {"name": "a-model-1.0", "sha256": hexadecimal("a")}

    def _TrainingRun(self) -> dict[str, Any]:  # noqa: N802
        return {
            "version": hexadecimal("version"),
            "model": self._model(),
            "recipe": {"format": "a training recipe of the tests"},
            "engine": {
                "machine": "Linux x86_64",
                "processor": "none",
                "libraries": "none",
                "precision": "fp32",
                "threads": 1,
                "step": "1",
            },
            "cohorts": [
                {"cohort": 3, "digest": hexadecimal("term"), "items": 2, "contributors": 1, "steps": 4, "tokens": 512}
            ],
            "heldOut": 1,
            "members": {"blake3": hexadecimal("members"), "bytes": 10},
            "time": TIME,
        }

    def _Adapter(self) -> dict[str, Any]:  # noqa: N802
        return {
            "digest": hexadecimal("adapter"),
            "version": hexadecimal("version"),
            "run": hexadecimal("run"),
            "model": self._model(),
            "terms": [{"cohort": 3, "digest": hexadecimal("term"), "scale": "1/8"}],
            "excluded": [],
            "release": {"sha256": hexadecimal("release"), "rank": 8, "lost": "0.05"},
            "time": TIME,
        }

    def _Evaluation(self) -> dict[str, Any]:  # noqa: N802
        figures = {"base": "1.86", "adapter": "1.6", "delta": "-0.26", "low": "-0.3", "high": "-0.2"}
        group = {"name": "en", "texts": 3, "delta": "-0.26", "low": "-0.3", "high": "-0.2"}
        return {
            "adapter": hexadecimal("adapter"),
            "version": hexadecimal("version"),
            "heldOut": [{"texts": 3, "tokens": 30, "bytes": 120, **figures}],
            "leftOut": 0,
            "languages": [group],
            "domains": [{**group, "name": "letter"}],
            "canaries": [{"name": "mill", "model": "served", "rank": 50, "candidates": 101, "verbatim": False}],
            "time": TIME,
        }

    def _JobManifest(self) -> dict[str, Any]:  # noqa: N802
        return {
            "job": "inference",
            "model": {"approval": hexadecimal("an approval"), "digest": hexadecimal("a model")},
            "inputs": [{"root": hexadecimal("prompts"), "bytes": 40}],
            "inference": {
                "form": "chat",
                "prompts": 1,
                "tokens": 64,
                "seed": 7,
                "temperature": 800,
                "topK": 40,
                "topP": 950,
            },
            "limits": {"memory": 1024, "seconds": 600, "output": 1_048_576},
            "assurance": "spot",
            "privacy": "public",
            "deadline": "2026-11-22T11:00:00Z",
            "idempotency": hexadecimal("idempotency")[:32],
        }

    def _JobReceipt(self) -> dict[str, Any]:  # noqa: N802
        return {
            "manifest": hexadecimal("a manifest"),
            "submitter": self.other_node.did,
            "job": "inference",
            "model": hexadecimal("a model"),
            "engine": {
                "library": "none",
                "processor": "x86-64-avx2",
                "quantisation": "q4-1",
                "batch": 512,
                "cache": "f16",
                "flashAttention": "auto",
                "slots": 1,
                "promptCache": "off",
            },
            "tokens": {"read": 12, "written": 34, "trained": 0},
            "outcome": "done",
            "outputs": [{"root": hexadecimal("answers"), "bytes": 120}],
            "begun": TIME,
            "ended": TIME,
        }

    def _JobAcceptance(self) -> dict[str, Any]:  # noqa: N802
        return {
            "manifest": hexadecimal("a manifest"),
            "receipt": hexadecimal("a receipt"),
            "worker": self.node.did,
            "answer": "accepted",
            "time": TIME,
        }

    def _Settlement(self) -> dict[str, Any]:  # noqa: N802
        return {
            "day": "2026-11-22",
            "worker": self.node.did,
            "submitter": self.other_node.did,
            "side": "worker",
            "receipts": 1,
            "root": hexadecimal("receipts"),
            "totals": [
                {
                    "model": hexadecimal("a model"),
                    "quantisation": "q4-1",
                    "job": "inference",
                    "jobs": 1,
                    "read": 12,
                    "written": 34,
                    "trained": 0,
                }
            ],
        }

    def _AuditVerdict(self) -> dict[str, Any]:  # noqa: N802
        return {
            "job": "inference",
            "manifest": hexadecimal("a manifest"),
            "receipt": hexadecimal("a receipt"),
            "worker": self.node.did,
            "model": hexadecimal("a model"),
            "engine": hexadecimal("an engine class"),
            "assurance": "spot",
            "beacon": hexadecimal("a beacon"),
            "verdict": "consistent",
            "statistic": "mean-margin",
            "value": "0.002",
            "bound": "0.01",
            "tokens": 34,
            "evidence": hexadecimal("evidence"),
            "time": TIME,
        }

    def _AuditAppeal(self) -> dict[str, Any]:  # noqa: N802
        return {"verdict": hexadecimal("a verdict"), "evidence": hexadecimal("evidence"), "time": TIME}

    def _AuditRuling(self) -> dict[str, Any]:  # noqa: N802
        return {
            "verdict": hexadecimal("a verdict"),
            "appeal": hexadecimal("an appeal"),
            "ruling": "set-aside",
            "reason": "The evidence was of another model.",
            "time": TIME,
        }

    def _ReferenceTable(self) -> dict[str, Any]:  # noqa: N802
        return {
            "version": 1,
            "fromDay": "2026-11-01",
            "rows": [
                {
                    "model": hexadecimal("a model"),
                    "quantisation": "q4-1",
                    "job": "inference",
                    "read": "3000",
                    "written": "120.5",
                    "trained": "900",
                    "provenance": "declared",
                    "by": self.stewards[0].did,
                    "source": "a figure that somebody published",
                    "at": TIME,
                }
            ],
        }

    def _Vouch(self) -> dict[str, Any]:  # noqa: N802
        return {"member": self.contributor.did, "word": "vouch", "time": TIME}

    def _MemberBinding(self) -> dict[str, Any]:  # noqa: N802
        return {"person": self.contributor.did, "side": "person", "node": self.node.did}

    def _Proposal(self) -> dict[str, Any]:  # noqa: N802
        return {
            "scope": "credits",
            "title": "Credits last a little longer",
            "text": hexadecimal("the words of the proposal"),
            "effect": {"parameters": [{"name": "half-life-days", "value": "240"}], "acts": []},
            "epoch": 20779,
            "time": TIME,
        }

    def _VoteCommitment(self) -> dict[str, Any]:  # noqa: N802
        return {"proposal": hexadecimal("a proposal"), "commitment": hexadecimal("a vote")}

    def _VoteReveal(self) -> dict[str, Any]:  # noqa: N802
        return {
            "proposal": hexadecimal("a proposal"),
            "commitment": hexadecimal("a commitment"),
            "choice": "yes",
            "nonce": hexadecimal("nonce"),
        }

    def _ClosingCut(self) -> dict[str, Any]:  # noqa: N802
        return {
            "closes": "commitments",
            "proposal": hexadecimal("a proposal"),
            "upTo": [{"log": f"{self.node.did}/{'0' * 16}", "size": 4, "root": hexadecimal("log root")}],
            "time": TIME,
        }

    def _BoardTerm(self) -> dict[str, Any]:  # noqa: N802
        return {"person": self.contributor.did, "begins": TIME, "ends": "2027-11-22T10:00:00Z"}

    def _Recall(self) -> dict[str, Any]:  # noqa: N802
        return {"term": hexadecimal("a term"), "reason": "Nobody could reach this person any more."}

    def _DisputeOpened(self) -> dict[str, Any]:  # noqa: N802
        return {
            "about": "audit",
            "respondent": self.other_node.did,
            "cites": [hexadecimal("a verdict")],
            "evidence": [hexadecimal("evidence")],
            "reason": "The auditor used another model.",
            "answerBy": "2026-11-29T10:00:00Z",
            "time": TIME,
        }

    def _DisputeAnswered(self) -> dict[str, Any]:  # noqa: N802
        return {
            "dispute": hexadecimal("a dispute"),
            "evidence": [hexadecimal("more evidence")],
            "reason": "It was the same model.",
            "time": TIME,
        }

    def _DisputeDecided(self) -> dict[str, Any]:  # noqa: N802
        return {
            "dispute": hexadecimal("a dispute"),
            "finding": "dismissed",
            "reason": "The digests are the same.",
            "appealBy": "2026-12-06T10:00:00Z",
            "time": TIME,
        }

    def _DisputeAppealed(self) -> dict[str, Any]:  # noqa: N802
        return {
            "dispute": hexadecimal("a dispute"),
            "decision": hexadecimal("a decision"),
            "evidence": [hexadecimal("still more evidence")],
            "reason": "The digests were read off the wrong page.",
            "time": TIME,
        }

    def _EmergencyStop(self) -> dict[str, Any]:  # noqa: N802
        return {
            "stops": {"model": hexadecimal("a model")},
            "reason": "Its licence was taken back.",
            "begins": TIME,
            "ends": "2026-11-29T10:00:00Z",
        }

    def _PoolEntry(self) -> dict[str, Any]:  # noqa: N802
        return {
            "entry": "donation",
            "amount": 5000,
            "currency": "EUR",
            "reason": "From a reader.",
            "time": TIME,
        }

    def _PrioritySpend(self) -> dict[str, Any]:  # noqa: N802
        return {"provider": self.node.did, "epoch": 20779, "amount": "0.25"}


@pytest.fixture(scope="session")
def commons() -> Commons:
    """A commons in which one steward and one moderator are enough."""
    return Commons()


@pytest.fixture(scope="session")
def make_commons() -> type[Commons]:
    """Makes other commons: thresholds, panels, other ids."""
    return Commons


@pytest.fixture(scope="session")
def urn_of() -> Callable[[str], str]:
    """`urn`: an id that stands for a label."""
    return urn


@pytest.fixture(scope="session")
def digest_of() -> Callable[[str], str]:
    """`hexadecimal`: 64 digits that stand for a label."""
    return hexadecimal


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """Reads a golden vector; they are added, never edited."""
    return lambda name: json.loads((Path(__file__).parent / "vectors" / "v1" / name).read_text("utf-8"))


class HomeWithTexts:
    """A founded home that holds ``count`` texts of its own, the last one federated when there are several."""

    def __init__(self, path: Path, count: int = 3) -> None:
        self.path = path
        self.texts: dict[str, bytes] = {}
        with create_home(path, Commons().id) as founding:
            self.commons = Commons(node=founding.home.node)
            founding.charter = self.commons.charter.digest
            with founding.home.ledger.write() as writer:
                for document in self.commons.founding:
                    writer.add(document)
            for number in range(count):
                self.give(founding.home, number, federated=count > 1 and number == count - 1)

    def open(self) -> AbstractContextManager[Home]:
        """The home, opened."""
        return open_home(self.path)

    def give(self, home: Home, number: int, *, federated: bool = False) -> str:
        """Store one text with its record and fact in one transaction, as an acceptance does."""
        commons, label = self.commons, f"text {number}"
        contribution, kept, salt = urn(label), f"{label}: {hexadecimal(label)}".encode(), bytes([number]) * 32
        content = {
            **commons.fields("ConsentRecord")["content"],
            "id": contribution,
            "commitment": {"alg": "HMAC-SHA-256", "value": commitment(salt, kept)},
        }
        tier: dict[str, Any] = {"tier": "federated", "purposes": ["train"]} if federated else {}
        record = commons.write("ConsentRecord", commons.contributor, label, content=content, **tier)
        fact = commons.write(
            "ConsentFact", home.node, label, contribution=contribution, record=record.digest,
            row=commitment(salt, kept), **tier, **({"cohort": None} if federated else {}),
        )  # fmt: skip
        with home.ledger.write() as writer:
            home.vault.put(writer.connection, contribution, salt, kept, federated=federated)
            home.vault.seal(writer.connection, contribution, record)
            writer.add(record)
            writer.add(fact)
        self.texts[contribution] = kept
        return contribution


@pytest.fixture
def home_with_texts(tmp_path: Path) -> Callable[..., HomeWithTexts]:
    """Makes homes below the test's own folder: ``home_with_texts(name="home", count=3)``."""
    return lambda name="home", count=3: HomeWithTexts(tmp_path / name, count)


@pytest.fixture
def adopted_home() -> Callable[[Path, HomeWithTexts], AbstractContextManager[Home]]:
    """Makes an empty home of another node that pins the same charter."""

    @contextmanager
    def adopt(path: Path, other: HomeWithTexts) -> Iterator[Home]:
        with create_home(path, other.commons.id, other.commons.charter.digest):
            pass
        with open_home(path) as home:
            yield home

    return adopt
