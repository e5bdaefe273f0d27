"""The pages of giving, up to the text: start, one question per page, stop pages."""

import re
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from consent.desk import flow
from consent.desk import questions as q
from consent.desk.desk import Desk
from consent.desk.form import Form
from consent.desk.preview import kept_text
from consent.desk.stops import STOPS
from consent.desk.trouble import Trouble
from consent.desk.visits import Draft, Visit
from consent.desk.words import LANGUAGES, PSEUDO
from consent.rows import is_language, is_orcid
from consent.survey import law_here
from consent.turns import FEWEST_PARTIES, MOST_PARTIES, speakers
from substrate.record.authority import policy_in_force

_TAG: Final = re.compile(r"[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,8}")
_LONGEST_NAME: Final = 100
_SPECIAL: Final = frozenset({"text", "preview", "code", "answers"})


def flow_routes(desk: Desk) -> APIRouter:
    """The routes of this part."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def start(request: Request) -> Response:
        return desk.page(request, "start.html", **_about(desk))

    @router.post("/language")
    def choose_language(request: Request) -> Response:
        form = desk.form(request)
        chosen = form.one("language")
        if chosen not in LANGUAGES and not (desk.pages.pseudo and chosen == PSEUDO):
            raise Trouble(400)
        desk.begin(request).language = chosen
        back = form.one("back")
        return desk.to(back if back in _places() else "/")

    @router.post("/begin")
    def begin(request: Request) -> Response:
        desk.form(request)
        visit = desk.begin(request)
        visit.draft, visit.given = Draft(), ""
        return desk.to(f"/give/{flow.STEPS[0]}")

    @router.get("/stop/{name}")
    def stop(request: Request, name: str) -> Response:
        if name not in STOPS:
            raise Trouble(404)
        return desk.page(request, "stop.html", stop=STOPS[name], name=name, reason="")

    @router.get("/give/{step}")
    def show(request: Request, step: str) -> Response:
        if step in _SPECIAL or step not in flow.STEPS:
            raise Trouble(404)
        _, draft = desk.draft(request)
        if not flow.asked(step, draft) or not flow.reachable(step, draft):
            return desk.to(f"/give/{flow.next_step(draft)}")
        return _question(desk, request, draft, step)

    @router.post("/give/{step}")
    def answer(request: Request, step: str) -> Response:
        if step in _SPECIAL or step not in flow.STEPS:
            raise Trouble(404)
        form = desk.form(request)
        visit, draft = desk.draft(request)
        with visit.lock:
            if not flow.asked(step, draft) or not flow.reachable(step, draft):
                return desk.to(f"/give/{flow.next_step(draft)}")
            return _take(desk, request, visit, draft, step, form)

    return router


def _places() -> frozenset[str]:
    """Where a change of language may lead back to: addresses of pages, which hold nothing of a person."""
    plain = ("/", "/withdraw", "/my", "/transparency", "/report", "/local", "/join", "/desk")
    return frozenset(plain) | {f"/give/{step}" for step in flow.STEPS} | {f"/stop/{name}" for name in STOPS}


def _about(desk: Desk) -> dict[str, Any]:
    with desk.home() as home:
        charter = home.roles().charter.body
    return {"charter": charter}


def _take(desk: Desk, request: Request, visit: Visit, draft: Draft, step: str, form: Form) -> Response:
    """Keep an answer and go on; stop, or show the page again with what is wrong."""
    found = _read(desk, draft, step, form)
    if found.stop:
        visit.draft = None
        return desk.to(f"/stop/{found.stop}")
    if found.error:
        return _question(desk, request, draft, step, error=found.error, typed=found.value, why=found.why, status=422)
    changed = draft.answers.get(step) != found.value
    draft.answers[step] = found.value
    if changed and step in ("people", "about"):
        draft.seen, draft.reading = False, draft.reading if step == "people" else None
    if step not in ("sensitive", "tier"):
        flow.settle(draft, None)
        return desk.to(f"/give/{flow.next_step(draft)}")
    with desk.home() as home:
        sensitive = law_here(home.roles()).sensitive_tiers
    flow.settle(draft, sensitive)
    if step == "sensitive" and not q.tiers_offered(draft.answers, sensitive, local=desk.site.local):
        visit.draft = None
        return desk.to("/stop/sensitive")
    return desk.to(f"/give/{flow.next_step(draft)}")


class _Read:
    """What a posted answer is: a value, or a stop page, or an error on the page itself."""

    def __init__(self, value: Any = None, *, stop: str = "", error: str = "", why: str = "") -> None:
        self.value, self.stop, self.error, self.why = value, stop, error, why


def _read(desk: Desk, draft: Draft, step: str, form: Form) -> _Read:
    if step == "tier":
        return _one(form, _tiers(desk, draft), q.CHOOSE)
    if step == "purposes":
        return _several(form, q.purposes_offered(draft.answers["tier"]), q.CHOOSE)
    if step == "name":
        return _name(form)
    if step == "about":
        return _about_text(form)
    if step == "parties":
        return _parties(draft, form)
    question = q.SIMPLE[step]
    if question.several:
        return _several(form, list(question.choices), question.error)
    found = _one(form, list(question.choices), question.error)
    if not found.error and step in q.RIGHT and found.value != q.RIGHT[step]:
        return _Read(found.value, error=q.NOT_QUITE, why=q.WHY[step])
    return found


def _one(form: Form, choices: list[q.Choice], error: str) -> _Read:
    value = form.one("answer")
    choice = next((one for one in choices if one.value == value), None)
    return _Read(error=error) if choice is None else _Read(value, stop=choice.stop)


def _several(form: Form, choices: list[q.Choice], error: str) -> _Read:
    values = form.many("answer")
    known = {one.value for one in choices}
    if not values or not set(values) <= known or ("none" in values and len(values) > 1):
        return _Read([v for v in values if v in known], error=error)
    return _Read(values)


def _name(form: Form) -> _Read:
    kind, name = form.one("answer"), " ".join(form.one("name").split())
    typed = {"kind": kind, "name": name}
    if kind not in {choice.value for choice in q.KINDS_OF_NAME}:
        return _Read({"kind": "", "name": name}, error=q.CHOOSE)
    if kind == "anonymous":
        return _Read({"kind": kind})
    if not _fits_name(kind, name):
        return _Read(typed, error=q.BAD_ORCID if kind == "orcid" else q.BAD_NAME)
    return _Read(typed)


def _fits_name(kind: str, name: str) -> bool:
    """A line of printable letters; an ORCID iD has to have its check digit."""
    return 0 < len(name) <= _LONGEST_NAME and name.isprintable() and (kind != "orcid" or is_orcid(name))


def _about_text(form: Form) -> _Read:
    tag, domain = form.one("language").strip() or form.one("other").strip(), form.one("domain") or "not-stated"
    typed = {"language": tag, "domain": domain}
    if not _TAG.fullmatch(tag) or not is_language(tag):
        return _Read(typed, error=q.BAD_LANGUAGE)
    if domain not in {choice.value for choice in q.DOMAINS}:
        return _Read(typed, error=q.CHOOSE)
    return _Read(typed)


def _parties(draft: Draft, form: Form) -> _Read:
    """Who of those who speak is the giver, and whether the rest may stay when another takes back their words."""
    labels = _speakers(draft)
    if not FEWEST_PARTIES <= len(labels) <= MOST_PARTIES:
        return _Read({}, error=q.NO_TURNS if len(labels) < FEWEST_PARTIES else q.MANY_TURNS)
    number, rest = form.one("me"), form.one("rest")
    if rest not in ("yes", "no") or number not in {str(one) for one in range(len(labels))}:
        return _Read({"me": "", "rest": rest}, error=q.WHO_AND_REST)
    return _Read({"me": labels[int(number)], "rest": rest})


def _speakers(draft: Draft) -> list[str]:
    if draft.reading is None:
        return []
    return speakers(kept_text(draft.text, draft.reading, draft.marks, draft.left))


def _tiers(desk: Desk, draft: Draft) -> list[q.Choice]:
    with desk.home() as home:
        policy = policy_in_force(home.roles())
    return q.tiers_offered(draft.answers, frozenset(policy["sensitiveTiers"]), local=desk.site.local)


def _question(
    desk: Desk, request: Request, draft: Draft, step: str,
    *, error: str = "", typed: Any = None, why: str = "", status: int = 200,
) -> Response:  # fmt: skip
    number, of = flow.progress(step, draft)
    chosen = typed if typed is not None else draft.answers.get(step)
    common: dict[str, Any] = {
        "step": step, "number": number, "of": of, "before": flow.before(step, draft), "error": error, "why": why,
        "chosen": chosen, "status": status,
    }  # fmt: skip
    if step == "tier":
        offered = _tiers(desk, draft)
        return desk.page(request, "tier.html", choices=offered, **common)
    if step == "purposes":
        tier = draft.answers["tier"]
        return desk.page(
            request, "purposes.html", choices=q.purposes_offered(tier), missing=q.purposes_missing(tier), **common
        )
    if step == "name":
        return desk.page(request, "name.html", choices=q.KINDS_OF_NAME, **common)
    if step == "parties":
        labels = _speakers(draft)
        if not error and not FEWEST_PARTIES <= len(labels) <= MOST_PARTIES:
            common["error"] = q.NO_TURNS if len(labels) < FEWEST_PARTIES else q.MANY_TURNS
        return desk.page(request, "parties.html", labels=labels, **common)
    if step == "about":
        return desk.page(request, "about.html", languages_of_texts=q.LANGUAGES_OF_TEXTS, domains=q.DOMAINS, **common)
    return desk.page(request, "question.html", question=q.SIMPLE[step], base="/give", **common)
