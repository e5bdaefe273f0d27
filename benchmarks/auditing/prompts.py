"""Prompts made of templates: as many as one likes, no two alike, and those of another seed are fresh."""

import random
from typing import Final

_WHO: Final = ("The baker", "My aunt", "A ferryman", "The new teacher", "An old sailor", "The gardener", "Our neighbour",
               "A young nurse", "The clockmaker", "The librarian", "A retired miner", "The beekeeper")  # fmt: skip
_WHERE: Final = ("in a village by the sea", "at the edge of the forest", "near the railway station", "on the island",
                 "behind the market hall", "in the upper valley", "next to the school", "by the old bridge",
                 "in a town without a river", "on the last farm before the pass")  # fmt: skip
_DID: Final = ("kept a diary about the weather", "repaired radios for the whole street", "collected stories of strangers",
               "grew seven kinds of potatoes", "wrote letters that were never sent", "taught children to swim",
               "baked bread for the harvest", "painted signs for the shops", "walked to work every morning",
               "knew the name of every bird")  # fmt: skip
_WHEN: Final = ("before the war", "when I was nine", "during the long winter", "in the year of the flood",
                "until the mill was closed", "after the strike", "every summer", "for more than forty years")  # fmt: skip
_ASK: Final = ("What people remember most is", "The reason was simple:", "One day everything changed, because",
               "It began like this:", "Nobody asked why, but", "If you had met this person, you would have said that",
               "Here are three things worth knowing about it:", "The first lesson is that",
               "In a few sentences, the story goes as follows.", "Years later a visitor asked about it and was told:"
               )  # fmt: skip


def prompts(seed: int, count: int) -> list[str]:
    """``count`` different prompts of 25 to 45 tokens."""
    chance, found = random.Random(seed), dict[str, None]()
    while len(found) < count:
        who, other = chance.sample(_WHO, 2)
        first, second = chance.sample(_DID, 2)
        text = f"{who} {chance.choice(_WHERE)} {first} {chance.choice(_WHEN)}. {other} {second}. {chance.choice(_ASK)}"
        found[text] = None
    return list(found)
