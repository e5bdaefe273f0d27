"""What identifies people in English texts by the words around it, where the model is blind.

Titles, greetings, sign-offs, dialogue labels, kinship and introductions give names away; words like
"born on" tell a birth date from any other; a house number and a street word make an address.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from consent.redaction.shapes import Check, Shape
from consent.redaction.types import Span

_NAME: Final = r"[A-ZÀ-ÖØ-Þ][\w'’]{1,30}(?:-[A-ZÀ-ÖØ-Þ]?[\w'’]{1,30}){0,2}"
_NAMES: Final = rf"{_NAME}(?: (?:(?:de|da|del|van|von|der|la|bin|al|O|ní|Ní|Mac)[ '’])?{_NAME}){{0,3}}"
_MONTH: Final = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_DATE: Final = (
    rf"(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\.?,?(?: (?:18|19|20)\d\d)?"
    rf"|{_MONTH}\.? (?:the )?\d{{1,2}}(?:st|nd|rd|th)?,?(?: (?:18|19|20)\d\d)?"
    r"|\d{1,2}[./\-]\d{1,2}[./\-](?:\d{4}|\d{2})|(?:18|19|20)\d\d-\d\d-\d\d)"
)
_ROAD: Final = (
    r"(?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Drive|Dr|Close|Court|Crescent|Terrace|Row|Way|Place|Square|Hill"
    r"|Gardens|Grove|Mews|Walk|Boulevard|Blvd|Quay|Park|Green|Parade|Rise|View|Heights|Alley|Highway|Yard|Passage"
    r"|Bank|Cottages?|House|Wharf|Buildings|Villas|Corner|End|Side|Steps|Fold|Gate)"
)
_UNIT: Final = r"(?:(?:[Ff]lat|[Aa]pt\.?|[Aa]partment|[Uu]nit|[Rr]oom|[Ss]uite|[Nn]o\.?|[Nn]umber) ?#?\w{1,6},? )?"


def _named(score: float) -> Check:
    """A check that refuses what is capitalised for another reason than being a name."""
    return lambda value: 0.0 if value.split()[0].lower() in NOT_NAMES else score


CUED: Final[tuple[Shape, ...]] = (
    Shape(
        "address",
        "LOCATION",
        re.compile(
            rf"(?<![\w.]){_UNIT}(?:(?:{_NAME} ){{1,2}}(?:House|Court|Buildings|Lodge), )?"
            rf"\d{{1,5}}[A-Za-z]?(?: ?[\-–/] ?\d{{1,4}})?,? (?:{_NAME} ){{1,3}}{_ROAD}\b"
            rf"(?:,? (?:[Ff]lat|[Aa]pt\.?|[Aa]partment|[Uu]nit|#) ?\w{{1,6}}\b)?(?:, {_NAME}(?: {_NAME})?)?"
        ),
        0.85,
    ),
    Shape(
        "street",
        "LOCATION",
        re.compile(
            rf"(?<!\w)(?!(?:The|This|That|Our|My|Your|His|Her|A|An|On|In|At) )(?:{_NAME} ){{1,2}}"
            r"(?:Street|St|Road|Rd|Lane|Avenue|Ave|Drive|Close|Crescent|Terrace|Boulevard|Mews|Quay|Yard|Cottages|Wharf)\b"
            rf"(?:, {_NAME}(?: {_NAME})?)?"
        ),
        0.7,
    ),
    Shape(
        "unit",
        "LOCATION",
        re.compile(r"(?<!\w)(?i:flat|apartment|apt\.?|unit) ?#?\d{1,4}[A-Za-z]?(?!\w)"),
        0.6,
    ),
    Shape("po-box", "LOCATION", re.compile(r"(?<!\w)P\.?\s?O\.? Box \d{1,6}"), 0.8),
    Shape(
        "birth-date",
        "DATE_TIME",
        re.compile(
            r"(?i:\b(?:born|birth|birthday|d\.?o\.?b\.?)\b)[^.!?\n\d]{0,30}?"
            rf"(?P<v>(?<!\w)(?:{_DATE}|{_MONTH}\.?,? (?:18|19|20)\d\d|(?:18|19|20)\d\d)(?!\w))"
        ),
        0.8,
    ),
    Shape(
        "birth-date-after",
        "DATE_TIME",
        re.compile(rf"(?<!\w)(?P<v>{_DATE})(?!\w),? (?:is|was) (?:my|his|her|their|\w+['’]s) birth"),
        0.8,
    ),
    Shape(
        "title",
        "PERSON",
        re.compile(
            r"(?<!\w)(?:Mr|Mrs|Ms|Miss|Mx|Dr|Doctor|Prof|Professor|Sir|Madam|Sister|Brother|Father|Rev"
            r"|Reverend|Nurse|Señora?|Sra?|Don|Doña|Frau|Herr|Madame|Mme|Signora?|Whaea|Matua|Coach|Officer|Sergeant"
            r"|Captain)\.? "
            rf"(?P<v>{_NAMES})"
        ),
        check=_named(0.8),
    ),
    Shape(
        "kin",
        "PERSON",
        re.compile(
            r"(?<!\w)(?:[Aa]unt(?:ie|y)?|[Uu]ncle|[Gg]ran(?:dma|dpa|ny|ddad|dmother|dfather)?|[Nn]ana?|[Cc]ousin"
            r"|[Ss]ister|[Bb]rother|[Mm]other|[Ff]ather|[Mm]um|[Dd]ad|[Ww]ife|[Hh]usband|[Ss]on|[Dd]aughter|[Nn]iece"
            r"|[Nn]ephew|[Ff]riend|[Nn]eighbou?r|[Pp]artner|[Bb]oss|[Tt]eacher|[Ll]andlord|[Ll]andlady|[Cc]olleague)"
            rf"(?:,? (?:called |named )?)(?P<v>{_NAMES})"
        ),
        check=_named(0.7),
    ),
    Shape(
        "introduction",
        "PERSON",
        re.compile(
            r"(?<!\w)(?i:my name(?:['’]s| is| was)|(?:his|her|their) name (?:is|was)|named"
            r"|(?:i['’]m|i am|is|was) called|call me|this is|signed(?: by)?|interview(?:ed)? (?:with|by)"
            r"|speaking to|ask for)[:,]? "
            rf"(?P<v>{_NAMES})"
        ),
        check=_named(0.65),
    ),
    Shape(
        "greeting",
        "PERSON",
        re.compile(rf"(?m)^\W{{0,3}}(?:Dear(?:est)?|Hi|Hello|Hey|Hiya|Darling|Kia ora),? (?P<v>{_NAMES})(?=\W)"),
        check=_named(0.75),
    ),
    Shape(
        "sign-off",
        "PERSON",
        re.compile(
            r"(?i:\b(?:love|regards|wishes|sincerely|faithfully|yours|cheers|thanks|hugs|kisses|xx?x?|truly|always"
            r"|affectionately))"
            rf"(?: from)?[,.!]?\s{{1,3}}(?:[-–—]\s?)?(?P<v>{_NAMES})[ .x]{{0,5}}(?=\n|$)"
        ),
        check=_named(0.7),
    ),
    Shape(
        "dash-signed",
        "PERSON",
        re.compile(rf"(?m)^\s{{0,4}}[-–—]{{1,2}} ?(?P<v>{_NAMES})\s*\Z"),
        check=_named(0.6),
    ),
    Shape(
        "username",
        "USERNAME",
        re.compile(
            r"(?i:\b(?:user ?name|handle|nick(?:name)?|log-?in|screen name|insta(?:gram)?|discord|telegram"
            r"|twitter|skype|snapchat|snap|tiktok|github|mastodon|reddit|signal|account)\b)"
            r"(?: (?:is|was|name|id|as|user|handle)){0,2}[ :=]{1,3}[\"'“‘]?"
            r"(?P<v>(?=[\w.\-#]{0,38}[\d_.#])[A-Za-z][\w.\-#]{1,38}\w)"
        ),
        0.7,
    ),
    Shape(
        "id-cue",
        "ID",
        re.compile(
            r"(?i:\b(?:passport|licen[cs]e|member(?:ship)?|student|pupil|patient|hospital|case|claim|policy|account"
            r"|acct|customer|medicare|social security|national insurance|insurance|nhs|tax|employee|staff"
            r"|badge|library|id|identity|reference|ref)\b)(?i:[ \-](?:card|no|number|nr|num|id|ref|code))*\.?"
            r"(?i: (?:is|was))?[ :#=]{1,3}"
            r"(?P<v>(?=[\w\-/]{0,24}\d{3})[A-Z0-9][A-Z0-9\-/]{3,24}(?: \d{2,6}){0,3})(?!\w)"
        ),
        0.7,
    ),
    Shape(
        "plate-cue",
        "LICENSE_PLATE",
        re.compile(
            r"(?i:\b(?:number ?plate|licen[cs]e plate|plates?|registration|reg|rego|tags?)\b)"
            r"\W{1,3}(?:[a-z']{1,12}\W{1,2}){0,3}(?P<v>(?=[A-Z0-9 \-]{0,9}\d)(?=[A-Z0-9 \-]{0,9}[A-Z])"
            r"[A-Z0-9]{1,4}[ \-]?[A-Z0-9]{1,4}(?:[ \-]?[A-Z0-9]{1,4})?)(?!\w)"
        ),
        0.7,
    ),
)

_NOT_NAMES: Final = """
i the a an and but or so if then there they this that these those he she it we you me my his her our
your their all everyone everybody team friends folks colleagues neighbours neighbors sir madam mum
mom dad mummy daddy mam grandma grandpa gran granny nan nana grandad granddad grandmother
grandfather mother father auntie aunt uncle sister brother cousin son daughter teacher student pupil
child boy girl man woman tutor learner editor committee members parents residents reader interviewer
interviewee speaker narrator host guest moderator doctor nurse patient customer clerk driver note
notes ps nb q question answer ingredients method directions instructions serves preparation title
subject date time place re to from cc yes no ok okay well oh ah hello hi hey dear thanks thank
please sorry god lord jesus christmas easter monday tuesday wednesday thursday friday saturday
sunday january february march april may june july august september october november december spring
summer autumn winter what when where who why how is was are were not mr mrs ms miss dr prof in on at
for with by as of just only also after before now today tomorrow yesterday chair both another other
group class everyone's nobody someone one two three first second
"""
#: Capitalised words that the cues above would take for names.
NOT_NAMES: Final = frozenset(_NOT_NAMES.split())
_LABEL: Final = re.compile(
    rf"(?m)^[\s\-*>\[]{{0,6}}(?:\d\d?:\d\d\]? ?)?(?P<v>{_NAME}(?: {_NAME}){{0,2}}|[A-Z]{{3,15}})\]?"
    r"(?: \([^)\n]{1,20}\))?: "
)
_TURNS: Final = 3


def find_labels(text: str) -> Iterator[Span]:
    """Names that label the turns of a dialogue: a label that comes back, or stands among several."""
    matches = [m for m in _LABEL.finditer(text) if m.group("v").split()[0].lower() not in NOT_NAMES]
    turns = sum(1 for _ in _LABEL.finditer(text))
    times = Counter(m.group("v") for m in matches)
    for match in matches:
        if times[match.group("v")] > 1 or turns >= _TURNS:
            yield Span(match.start("v"), match.end("v"), "PERSON", 0.7, "dialogue-label")
