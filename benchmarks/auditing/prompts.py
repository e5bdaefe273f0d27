"""Prompts made of templates: as many as one likes, no two alike, and those of another seed are fresh."""

import random
from collections.abc import Collection
from typing import Final

_WHO: Final = """The baker|My aunt|A ferryman|The new teacher|An old sailor|The gardener|Our neighbour|A young nurse
The clockmaker|The librarian|A retired miner|The beekeeper"""
_DID: Final = """kept a diary about the weather|repaired radios for the street|collected stories of strangers
grew seven kinds of potatoes|wrote letters that were never sent|taught children to swim|baked bread for the harvest
painted signs for the shops|walked to work every morning|knew the name of every bird"""
_WHEN: Final = """before the war|when I was nine|during the long winter|in the year of the flood
until the mill was closed|after the strike|every summer|for more than forty years"""
_ASK: Final = """What people remember most is|The reason was simple:|One day everything changed, because
It began like this:|Nobody asked why, but|Here are three things worth knowing about it:|The first lesson is that
Years later a visitor was told:"""


def prompts(seed: int, count: int, without: Collection[str] = ()) -> list[str]:
    """``count`` different prompts of about 18 tokens, none of them among ``without``."""
    chance, found = random.Random(seed), dict[str, None]()
    parts = [part.replace("\n", "|").split("|") for part in (_WHO, _DID, _WHEN, _ASK)]
    while len(found) < count:
        who, did, when, ask = (chance.choice(part) for part in parts)
        text = f"{who} {did} {when}. {ask}"
        if text not in without:
            found[text] = None
    return list(found)
