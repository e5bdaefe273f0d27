"""The order of the pages, and which one comes next. Back is safe: an answer can be given again at any time."""

from typing import Final

from consent.desk import questions as q
from consent.desk.visits import Draft
from substrate.record.vocabulary import PURPOSES_OF_TIER

#: Every page of the flow after the start, in order; each name is an address under /give/.
STEPS: Final = (
    "adult", "kind", "rights", "people", "minors", "sensitive", "tier", "licence", "purposes", "name", "about", "text",
    "preview", "parties", "check-1", "check-2", "check-3", "code", "answers",
)  # fmt: skip


def asked(step: str, draft: Draft) -> bool:
    """Whether this page belongs to the way of this draft."""
    if step == "parties":
        return draft.answers.get("people") == "agreed"
    question = q.SIMPLE.get(step)
    return question is None or question.asked(draft.answers)


def answered(step: str, draft: Draft) -> bool:
    """Whether nothing is missing on this page."""
    if step == "text":
        return bool(draft.text)
    if step == "preview":
        return draft.seen and draft.reading is not None
    if step == "code":
        return bool(draft.code.withdrawal)
    return step in draft.answers


def next_step(draft: Draft) -> str:
    """The first page that still needs an answer."""
    return next((step for step in STEPS if asked(step, draft) and not answered(step, draft)), "answers")


def reachable(step: str, draft: Draft) -> bool:
    """Whether every page before this one has its answer."""
    before = STEPS[: STEPS.index(step)]
    return all(answered(one, draft) for one in before if asked(one, draft))


def progress(step: str, draft: Draft) -> tuple[int, int]:
    """Which page of how many, on the way of this draft."""
    way = [one for one in STEPS if asked(one, draft)]
    return way.index(step) + 1, len(way)


def before(step: str, draft: Draft) -> str:
    """The address of the page before this one."""
    earlier = [one for one in STEPS[: STEPS.index(step)] if asked(one, draft)]
    return f"/give/{earlier[-1]}" if earlier else "/"


def settle(draft: Draft, sensitive_tiers: frozenset[str] | None) -> None:
    """Take back the answers that no longer fit an answer given anew, and what was prepared with them.

    ``sensitive_tiers`` are those that the policy admits for sensitive matters; None where neither changed.
    """
    answers = draft.answers
    draft.prepared = None
    tier = answers.get("tier")
    private = set(answers.get("sensitive", [])) - {"none"}
    if tier is not None and private and sensitive_tiers is not None and tier not in sensitive_tiers:
        del answers["tier"]
        tier = None
    admitted = PURPOSES_OF_TIER.get(tier, frozenset()) if tier else frozenset()
    if not set(answers.get("purposes", [])) <= set(admitted):
        answers.pop("purposes", None)
    if tier != "public":
        answers.pop("licence", None)
