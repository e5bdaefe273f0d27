"""Rows and consent forms: nothing is assumed, every refusal names the key and shows no text."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.rows import MAX_ROW_BYTES, Refusal, Row, check_row, coarse_language, complete, missing_answers, read_row

MARKER = "Ottoline Brackwater lives at the mill"
ROW: dict[str, Any] = {
    "text": "A story about the mill.",
    "language": "en",
    "domain": "oral-history",
    "tier": "public",
    "purposes": ["train", "evaluate"],
    "licence": "CC0-1.0",
    "contributor": {"kind": "heteronym", "name": "Alice Thornburgh"},
    "rights": {"basis": "author"},
    "people": {"conversation": False},
    "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": "none"},
    "notice": "2026-11",
}
ANSWERS = [
    "text", "language", "domain", "tier", "purposes", "licence", "contributor", "contributor.kind", "rights",
    "rights.basis", "people", "people.conversation", "declared", "declared.adult", "declared.minors",
    "declared.students", "declared.sensitive", "notice",
]  # fmt: skip
CONVERSATION = {"conversation": True, "parties": 2, "method": "all-party-consent", "consents": ["Speaker B"]}


def row(**changed: Any) -> dict[str, Any]:
    """The plain row with dotted keys replaced; ``...`` removes one."""
    made = copy.deepcopy(ROW)
    for dotted, value in changed.items():
        *path, last = dotted.split("__")
        place = made
        for step in path:
            place = place.setdefault(step, {})
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return made


def refusal(**changed: Any) -> Refusal:
    """The refusal of a changed row."""
    result = check_row(row(**changed))
    assert isinstance(result, Refusal), result
    return result


def test_the_plain_row_is_taken() -> None:
    """Everything answered, nothing added."""
    checked = check_row(ROW)
    assert isinstance(checked, Row)
    assert (checked.method, checked.parties, checked.co_parties) == ("not-applicable", 1, [])
    assert checked.text == ROW["text"]
    assert missing_answers(ROW) == []


@pytest.mark.parametrize("key", ANSWERS)
def test_a_missing_answer_is_refused_by_name(key: str) -> None:
    """No default stands in for a person's answer."""
    result = refusal(**{key.replace(".", "__"): ...})
    assert result.reason == "missing-answer"
    assert key in result.detail
    if key != "text":
        lacking = missing_answers(row(**{key.replace(".", "__"): ...}))
        assert lacking == [key]


def test_all_missing_answers_are_named_at_once() -> None:
    """So that a person can complete a form in one go."""
    result = refusal(declared={}, tier=...)
    assert all(key in result.detail for key in ("tier", "declared.adult", "declared.minors", "declared.sensitive"))


@pytest.mark.parametrize(
    "key", ["surplus", "declared__surplus", "people__surplus", "contributor__key", "rights__surplus", "register_"]
)
def test_an_unknown_key_is_refused_by_name(key: str) -> None:
    """A key that nobody reads would be an answer that nobody honours."""
    result = refusal(**{key: MARKER})
    assert result.reason == "unknown-key"
    assert key.split("__")[-1] in result.detail
    assert "Ottoline" not in result.detail


BAD_VALUES: list[tuple[str, Any]] = [
    ("tier", "open"), ("tier", "Public"), ("tier", ["public"]), ("purposes", []), ("purposes", "train"),
    ("purposes", ["train", "sell"]), ("purposes", ["train", "train"]), ("contributor__kind", "robot"),
    ("contributor__name", ""), ("contributor__name", "a\nb"), ("contributor__name", "x" * 201),
    ("rights__basis", "found it"), ("people__conversation", "no"), ("people__conversation", 0),
    ("declared__adult", "yes"), ("declared__adult", 1), ("declared__minors", "maybe"), ("declared__minors", 0),
    ("declared__students", []), ("declared__sensitive", ["gossip"]), ("declared__sensitive", "health"),
    ("declared__sensitive", True), ("licence", ""), ("licence", "CC0\n"), ("domain", "Oral History"),
    ("notice", ""), ("language", ""), ("language", "klingonese-x"), ("language", "e n"), ("language", "en_"),
    ("quality", "Very Good!"), ("expires", "soon"), ("expires", "2026-13-01"), ("expires", "2026-02-30"),
    ("expires", "2026-11-22T10:00"), ("text", 7), ("text", ["a"]), ("title", "a\x00b"), ("register", "X Y"),
    ("redacted", {"by": "Mo", "spans": [{"start": -1, "end": 2, "label": "NAME"}]}),
    ("redacted", {"by": "Mo", "spans": [{"start": 3, "end": 3, "label": "NAME"}]}),
    ("redacted", {"by": "Mo", "spans": [{"start": 5, "end": 2, "label": "NAME"}]}),
    ("redacted", {"by": "Mo", "spans": [{"start": 0, "end": 24, "label": "NAME"}]}),
    ("redacted", {"by": "Mo", "spans": [{"start": 0, "end": 2, "label": "name"}]}),
    ("redacted", {"by": "Mo", "spans": [{"start": 0.5, "end": 2, "label": "NAME"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), BAD_VALUES, ids=lambda v: str(v)[:30])
def test_an_unknown_value_is_refused_by_the_name_of_its_key(key: str, value: Any) -> None:
    """Nothing is coerced: no "yes" for true, no 1 for true, no word that the lists do not have."""
    result = refusal(**{key: value})
    assert result.reason == "unknown-value"
    assert key.split("__")[0] in result.detail


@pytest.mark.parametrize("text", ["", " \n", "a\x00b", "a\ud800b", "x" * (4 * 1024 * 1024 + 1)])
def test_a_text_outside_the_profile(text: str) -> None:
    """Its own reason."""
    assert refusal(text=text).reason == "text-profile"


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("0009-0000-1599-0703", True), ("https://orcid.org/0009-0000-1599-0703", True), ("0009000015990703", True),
        ("0000-0002-1694-233X", True), ("0009-0000-1599-0704", False), ("0000-0002-1694-2330", False),
        ("0009-0000-1599-070", False), ("Alice Thornburgh", False), ("²²²²-²²²²-²²²²-²²²²", False),
        ("0000-0002-1694-233Y", False), ("X000-0002-1694-2339", False),
    ],
)  # fmt: skip
def test_the_checksum_of_an_orcid_id(name: str, valid: bool) -> None:
    """ISO 7064 MOD 11-2; a name that is no iD is refused under this kind only."""
    result = check_row(row(contributor={"kind": "orcid", "name": name}))
    assert isinstance(result, Row) == valid
    assert isinstance(check_row(row(contributor={"kind": "pseudonym", "name": name})), Row)


@pytest.mark.parametrize(
    ("tag", "coarse"),
    [("en", "en"), ("en-GB", "en"), ("en-UK", "en"), ("iw", "he"), ("zh-Hant-TW", "zh"), ("mis", "mis"),
     ("und", "und"), ("x-home", "und"), ("qaa", "qaa"), ("yue", "yue"), ("sr-Latn", "sr")],
)  # fmt: skip
def test_language_tags(tag: str, coarse: str) -> None:
    """BCP 47, private use and "not listed" included; the fact states the primary subtag only."""
    checked = check_row(row(language=tag))
    assert isinstance(checked, Row)
    assert checked.coarse_language == coarse_language(tag) == coarse


@given(st.text(max_size=20) | st.from_regex(r"[a-zA-Z0-9]{1,8}(-[a-zA-Z0-9]{1,8}){0,4}", fullmatch=True))
def test_any_language_tag_is_taken_or_refused(tag: str) -> None:
    """Never an exception, and what is taken has a coarse form that a fact can state."""
    result = check_row(row(language=tag))
    if isinstance(result, Row):
        assert result.coarse_language.isascii()
        assert 2 <= len(result.coarse_language) <= 8
    else:
        assert result.detail.startswith("language")


CONTRADICTIONS = [
    ({"contributor": {"kind": "anonymous", "name": "Alice"}}, "missing-answer", "contributor.name"),
    ({"contributor": {"kind": "pseudonym"}}, "missing-answer", "contributor.name"),
    ({"people": {"conversation": True}}, "missing-answer", "people.parties"),
    ({"people": {"conversation": True, "parties": 2}}, "missing-answer", "people.method"),
    ({"people": {**CONVERSATION, "parties": 1}}, "unknown-value", "people.parties"),
    ({"people": {**CONVERSATION, "parties": 0}}, "unknown-value", "people.parties"),
    ({"people": {"conversation": False, "parties": 3}}, "unknown-value", "people"),
    ({"people": {"conversation": False, "consents": ["B"]}}, "unknown-value", "people"),
    ({"people": {**CONVERSATION, "consents": ["B", "C"]}}, "unknown-value", "people.consents"),
    ({"people": {**CONVERSATION, "method": "shrug"}}, "unknown-value", "people.method"),
    ({"people": {**CONVERSATION, "consents": [{"label": "B", "tier": "open"}]}}, "unknown-value", "people.consents"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "reason", "named"), CONTRADICTIONS)
def test_answers_that_contradict_each_other(changed: dict, reason: str, named: str) -> None:
    """Refused by name, not resolved by guessing."""
    result = refusal(**changed)
    assert result.reason == reason
    assert named in result.detail


def test_parties_of_a_conversation() -> None:
    """Each other party counts once, with the tier that they said yes to."""
    people = {**CONVERSATION, "parties": 3, "consents": ["B", {"label": "C", "tier": "training-only"}, "B"]}
    checked = check_row(row(people=people))
    assert isinstance(checked, Row)
    assert [(party.label, party.tier) for party in checked.co_parties] == [("B", None), ("C", "training-only")]
    assert (checked.method, checked.parties) == ("all-party-consent", 3)


@pytest.mark.parametrize(
    ("words", "kept"), [(True, "present"), (False, "none"), ("none", "none"), ("present", "present")]
)
def test_yes_and_no_for_minors_and_students(words: Any, kept: str) -> None:
    """A form with a tick box means the same as one with words."""
    checked = check_row(row(declared__minors=words, declared__students=words))
    assert isinstance(checked, Row)
    assert (checked.declared.minors, checked.declared.students) == (kept, kept)


@pytest.mark.parametrize("words", ["none", False, []])
def test_no_sensitive_category(words: Any) -> None:
    """Three ways of saying none."""
    checked = check_row(row(declared__sensitive=words))
    assert isinstance(checked, Row)
    assert checked.declared.sensitive == []


def test_a_date_ends_with_its_day() -> None:
    """Consent until a day includes that day."""
    checked = check_row(row(expires="2027-03-01"))
    assert isinstance(checked, Row)
    assert checked.expires == "2027-03-01T23:59:59Z"
    exact = check_row(row(expires="2027-03-01T12:00:00Z"))
    assert isinstance(exact, Row)
    assert exact.expires == "2027-03-01T12:00:00Z"


def test_marks_stay_on_their_words_when_line_ends_change() -> None:
    """Spans are given in the text as it came, with its CRLF; the kept text has LF, and the same words marked."""
    text = "\ufeffDear\r\nall,\r\nOttoline came."
    start = text.index("Ottoline")
    spans = [{"start": start, "end": start + 8, "label": "PERSON"}, {"start": 1, "end": 5, "label": "PERSON"}]
    checked = check_row(row(text=text, redacted={"by": "Mo", "spans": spans}))
    assert isinstance(checked, Row)
    assert checked.redacted is not None
    assert [checked.text[s.start : s.end] for s in checked.redacted.spans] == ["Ottoline", "Dear"]
    beyond = [{"start": start, "end": len(text) + 1, "label": "PERSON"}]
    assert refusal(text=text, redacted={"by": "Mo", "spans": beyond}).detail.startswith("redacted")


# --- forms ---------------------------------------------------------------------------------------------


@given(st.data())
def test_a_form_answers_key_by_key(data) -> None:
    """Any split of the answers between row and form gives the same row; the row's own answer wins."""
    mine: dict[str, Any] = {"text": ROW["text"]}
    form: dict[str, Any] = {}
    for key, value in ROW.items():
        if key == "text":
            continue
        if isinstance(value, dict) and data.draw(st.booleans()):
            for part, answer in value.items():
                (mine if data.draw(st.booleans()) else form).setdefault(key, {})[part] = answer
        else:
            (mine if data.draw(st.booleans()) else form)[key] = value
    assert check_row(complete(mine, form)) == check_row(ROW)
    assert complete(mine, {**form, **{k: "other" for k in mine if not isinstance(mine[k], dict)}}) | form == {
        **complete(mine, form), **form
    }  # fmt: skip


def test_the_rows_own_answer_wins_over_the_form() -> None:
    """Also inside a part; and neither side is changed by it."""
    mine, form = row(tier="federated", declared__adult=False), copy.deepcopy(ROW)
    before = copy.deepcopy((mine, form))
    done = complete(mine, form)
    assert done["tier"] == "federated"
    assert done["declared"] == {**ROW["declared"], "adult": False}
    assert (mine, form) == before


def test_a_row_that_says_null_has_not_answered() -> None:
    """A spreadsheet's empty cell is no answer; the form may give it, and otherwise it is missing."""
    raw = json.dumps({**ROW, "tier": None, "declared": {**ROW["declared"], "adult": None}}).encode()
    read = read_row(raw)
    assert isinstance(read, dict)
    assert missing_answers(read) == ["tier", "declared.adult"]
    assert isinstance(check_row(complete(read, ROW)), Row)
    result = check_row(read)
    assert isinstance(result, Refusal)
    assert result.reason == "missing-answer"


# --- what cannot be read, and what must not be said ----------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"not json", b'["%s"]', b'"%s"', b'{"text":"%s"', b'{"text":"%s","text":"b"}', b'{"text":"%s","a":1.5}',
        b'{"text":"%s","a":NaN}', b'{"text":"%s\\ud800"}', b'{"text":"%s\xff"}', b'{"text":"%s","a":' + b"[" * 5000,
        '{"té":"%s"}'.encode(), b'{"text":"%s"}}', b'{"text":"%s","a":[null]}',
        b'{"text":"' + b"x" * MAX_ROW_BYTES + b'"}',
    ],
    ids=range(15),
)  # fmt: skip
def test_a_line_that_is_no_row(raw: bytes) -> None:
    """Malformed, with the rule that was broken and none of the text."""
    result = read_row(raw.replace(b"%s", MARKER.encode()))
    assert isinstance(result, Refusal)
    assert result.reason == "malformed"
    assert "Ottoline" not in result.detail


JUNK = st.recursive(
    st.just(MARKER) | st.just(MARKER * 3) | st.integers() | st.booleans() | st.just(1.5) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["label", "start", MARKER, "kind", "by"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = sorted([*ANSWERS, "title", "quality", "expires", "register", "redacted", "redacted.spans", "redacted.by",
               "people.consents", "people.method", "people.parties", "contributor.name", MARKER])  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(KEYS), JUNK), min_size=1, max_size=3))
def test_no_refusal_quotes_what_it_refuses(changes) -> None:
    """Texts, names and wrong answers never reach a report, wherever in the row they stand."""
    made = copy.deepcopy(ROW)
    for dotted, value in changes:
        *path, last = dotted.split(".")
        place = made
        for step in path:
            if not isinstance(place.get(step), dict):
                place[step] = {}
            place = place[step]
        place[last] = value
    result = check_row(made)
    if isinstance(result, Refusal):
        assert result.detail
        assert "Ottoline" not in result.detail
        assert "mill" not in result.detail
        assert len(result.detail) < 500
    for key in missing_answers(made):
        assert "Ottoline" not in key
