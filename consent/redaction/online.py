"""Mail and web addresses, and the names that people use there."""

import re
from typing import Final

from consent.redaction.shapes import Shape

_TLD: Final = (
    "com|org|net|info|edu|gov|int|io|eu|uk|es|fr|de|pt|nl|pl|ie|nz|au|ca|ch|be|dk|se|fi|gr|ro|cz|hu|in|za|ng|ke"
    "|mx|ar|cl|br|jp|app|dev|blog|social|chat|club|xyz|coop|cat|eus|gal|example|test|invalid|online|site|page"
)

ONLINE: Final[tuple[Shape, ...]] = (
    Shape(
        "email",
        "EMAIL_ADDRESS",
        re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,5}"),
        1.0,
    ),
    Shape("url", "URL", re.compile(r"(?i:https?://|(?<![\w.])www\.)[^\s<>\"]{1,400}[\w/]"), 0.9),
    Shape(
        "domain",
        "URL",
        re.compile(
            rf"(?<![\w.@\-])(?:[a-z0-9][a-z0-9\-]{{0,62}}\.){{1,4}}(?:{_TLD})(?![\w@\-])"
            r"(?:/[^\s<>\"]{0,300}[\w/])?"
        ),
        0.6,
    ),
    Shape(
        "domain-path",
        "URL",
        re.compile(r"(?<![\w.@\-])(?:[a-z0-9][a-z0-9\-]{0,62}\.){1,4}[a-z]{2,10}/[^\s<>\"]{1,300}[\w/]"),
        0.6,
    ),
    Shape("handle", "USERNAME", re.compile(r"(?<![\w@/.+\-])@(?=[\w.\-]{0,38}[^\W\d])\w[\w.\-]{0,38}\w"), 0.8),
    Shape(
        "underscored",
        "USERNAME",
        re.compile(r"(?<![\w@/.<\-])(?=\w{5,40}\b)[a-z0-9]+(?:_[a-z0-9]+)+(?![\w@])"),
        0.5,
    ),
)
