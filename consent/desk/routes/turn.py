"""Whose turn it is: what every page of the flow asks before it is shown, and says about where one is."""

from typing import Any

from fastapi.responses import Response

from consent.desk import flow
from consent.desk.desk import Desk
from consent.desk.visits import Draft


def guarded(desk: Desk, draft: Draft, step: str) -> Response | None:
    """Where to go instead, when a page before this one still needs an answer."""
    return None if flow.reachable(step, draft) else desk.to(f"/give/{flow.next_step(draft)}")


def place(draft: Draft, step: str) -> dict[str, Any]:
    """Which page of how many this is, and the one before: for its head."""
    number, of = flow.progress(step, draft)
    return {"step": step, "number": number, "of": of, "before": flow.before(step, draft)}
