"""Whole texts from sentences with gaps: letters, stories, conversations, chats, notes; with what is in the gaps."""

import random
import re
from dataclasses import dataclass, field

from training.redaction_tagger.invent import Inventor
from training.redaction_tagger.people import People, Person, full, mention
from training.redaction_tagger.source import Culture, Material

#: A stretch of text and its kind: PERSON, PLACE, ADDRESS, or "" for what names nobody.
Part = tuple[str, str]

_GAP = re.compile(r"\{(\w+)\}")
_ROLES = {
    "en": ("Q", "A", "Interviewer", "Speaker", "Teacher", "Note", "Host", "Narrator", "Subject", "Student"),
    "es": ("P", "R", "Entrevistadora", "Informante", "Profesora", "Nota", "Narrador", "Asunto", "Alumno"),
    "de": ("F", "A", "Interviewerin", "Erzähler", "Lehrerin", "Notiz", "Betreff", "Schüler", "Hinweis"),
    "fr": ("Q", "R", "Enquêtrice", "Témoin", "Professeur", "Note", "Objet", "Élève", "Narrateur"),
    "it": ("D", "R", "Intervistatrice", "Testimone", "Insegnante", "Nota", "Oggetto", "Studente"),
    "pt": ("P", "R", "Entrevistadora", "Informante", "Professora", "Nota", "Assunto", "Aluno"),
}


@dataclass
class Scene:
    """The people and places of one text: what is mentioned once is mentioned again."""

    people: list[Person]
    towns: list[str]
    met: set[int] = field(default_factory=set)


class Writer:
    """Writes texts of one language."""

    def __init__(
        self, material: Material, cultures: dict[str, Culture], messages: tuple[str, ...], words: Inventor
    ) -> None:
        self._m = material
        self._people = People(material.language, cultures)
        self._messages = messages
        self._words = words
        self._new_town = Inventor([*material.towns, *material.street_heads, *self._all_towns()])
        self._silent = tuple(s for s in material.salad if not re.search(r"\{(p|g|f|s|l|a|st)\}", s))

    def write(self, chance: random.Random) -> list[Part]:
        """One text. A quarter of them name nobody."""
        kind = chance.random()
        if kind < 0.25:
            return self._nobody(chance)
        scene = self._scene(chance)
        if kind < 0.4:
            return self._letter(scene, chance)
        if kind < 0.6:
            return self._turns(scene, chance)
        if kind < 0.68:
            return self._story(scene, chance, "\n")
        return self._story(scene, chance, " ")

    def _scene(self, chance: random.Random) -> Scene:
        people = [self._people.person(chance) for _ in range(chance.randint(2, 5))]
        return Scene(people, [self._town(chance) for _ in range(2)])

    def _nobody(self, chance: random.Random) -> list[Part]:
        parts: list[Part] = []
        scene = self._scene(chance)
        for _ in range(chance.randint(1, 6)):
            parts += [*self._quiet(scene, chance), (chance.choice((" ", " ", "\n")), "")]
        return parts

    def _quiet(self, scene: Scene, chance: random.Random) -> list[Part]:
        """A sentence that names nobody."""
        kind = chance.random()
        if kind < 0.35:
            return [(chance.choice(self._messages), "")]
        if kind < 0.65:
            return self._fill(chance.choice(self._silent), scene, chance)
        return self._fill(chance.choice(self._m.plain), scene, chance)

    def _sentence(self, scene: Scene, chance: random.Random) -> list[Part]:
        if chance.random() < 0.3:
            return self._quiet(scene, chance)
        if chance.random() < 0.2:
            return self._inserted(scene, chance)
        frames = self._m.frames if chance.random() < 0.7 else self._m.salad
        return self._fill(chance.choice(frames), scene, chance)

    def _inserted(self, scene: Scene, chance: random.Random) -> list[Part]:
        """A message with somebody, or a town, between any two of its words: names come up anywhere."""
        words = chance.choice(self._messages).split(" ")[:40]
        at = chance.randint(min(1, len(words)), len(words))
        gap = chance.choice(("p", "p", "p", "f", "f", "l"))
        before, after = " ".join(words[:at]), " ".join(words[at:])
        return [
            (f"{before} ", ""),
            self._gap(gap, scene, chance),
            (f" {after}" if after else chance.choice(".,?!"), ""),
        ]

    def _story(self, scene: Scene, chance: random.Random, between: str) -> list[Part]:
        parts: list[Part] = []
        for _ in range(chance.randint(1, 7)):
            parts += [*self._sentence(scene, chance), (between, "")]
        return parts

    def _letter(self, scene: Scene, chance: random.Random) -> list[Part]:
        gap = chance.choice(("\n\n", "\n", " "))
        greeting = self._fill(chance.choice(self._m.salute), scene, chance)
        ending = self._fill(chance.choice(self._m.signoff), scene, chance)
        return [*greeting, (gap, ""), *self._story(scene, chance, " "), (gap, ""), *ending]

    def _turns(self, scene: Scene, chance: random.Random) -> list[Part]:
        """A conversation: each line begins with who speaks, by name or by role."""
        named = chance.random() < 0.85
        stamp = chance.random() < 0.2
        shout = chance.random() < 0.25
        mark = chance.choice((": ", ": ", ": ", " - ", " > ", ":\n"))
        labels = self._labels(scene, chance, named)
        parts: list[Part] = []
        for _ in range(chance.randint(2, 7)):
            label, kind = chance.choice(labels)
            if stamp:
                parts.append((f"[{chance.randint(0, 23):02d}:{chance.randint(0, 59):02d}] ", ""))
            parts += [(label.upper() if shout else label, kind), (mark, ""), *self._sentence(scene, chance), ("\n", "")]
        return parts

    def _labels(self, scene: Scene, chance: random.Random, named: bool) -> list[Part]:
        if not named:
            roles = (*_ROLES[self._m.language], self._word("O", chance), self._word("O", chance))
            return [(role, "") for role in chance.sample(roles, 2)]
        labels = [(full(p, chance) if chance.random() < 0.3 else p.given, "PERSON") for p in scene.people[:3]]
        return [*labels, (chance.choice(_ROLES[self._m.language]), "")] if chance.random() < 0.3 else labels

    def _fill(self, frame: str, scene: Scene, chance: random.Random) -> list[Part]:
        """A sentence with its gaps filled."""
        parts: list[Part] = []
        at = 0
        for gap in _GAP.finditer(frame):
            parts += [(frame[at : gap.start()], ""), self._gap(gap.group(1), scene, chance)]
            at = gap.end()
        return [part for part in (*parts, (frame[at:], "")) if part[0]]

    def _gap(self, gap: str, scene: Scene, chance: random.Random) -> Part:
        if gap in {"p", "g", "f", "s"}:
            return self._somebody(gap, scene, chance), "PERSON"
        if gap == "l":
            return chance.choice(scene.towns), "PLACE"
        if gap == "t":
            return f"{chance.randint(6, 22)}{chance.choice((':', '.'))}{chance.choice(('00', '15', '30'))}", ""
        if gap == "a":
            return self._address(chance), "ADDRESS"
        if gap in {"r", "st"}:
            return self._street(chance), "ADDRESS"
        if frame := {"N": self._m.things, "m": self._m.months, "w": self._m.weekdays, "c": self._m.countries}.get(gap):
            return chance.choice(frame), ""
        if gap in {"o", "O", "V", "v", "d"}:
            return self._word(gap, chance), ""
        return self._number(gap, chance), ""

    def _word(self, gap: str, chance: random.Random) -> str:
        """A noun, a verb or a past form.

        Small nouns are sometimes new, and in German large ones often two in one: elsewhere a large word that
        nobody knows is more likely a name, and nothing here may teach otherwise.
        """
        if gap in {"V", "v"}:
            verb = chance.choice(self._m.verbs)
            return verb if gap == "V" else verb.lower()
        if gap == "d":
            return chance.choice(self._m.past)
        german = self._m.language == "de"
        kind = chance.random()
        if kind < (0.06 if german else 0.25 if gap == "o" else 0.0):
            word = self._words.word(chance, 18)
        else:
            word = chance.choice(self._m.nouns)
        if german and kind > 0.7:
            word += chance.choice(("", "", "s", "n")) + chance.choice(self._m.nouns).lower()
        return word.lower() if gap == "o" else word[0].upper() + word[1:]

    def _number(self, gap: str, chance: random.Random) -> str:
        if gap == "y":
            return str(chance.randint(1905, 2024))
        if gap == "z":
            return self._postcode(chance)
        if gap == "x":
            return chance.choice("ABCDabc")
        return str(chance.choice((chance.randint(1, 30), chance.randint(1, 240))))

    def _somebody(self, gap: str, scene: Scene, chance: random.Random) -> str:
        person = chance.choice(scene.people)
        if gap == "g":
            return person.given if chance.random() < 0.8 else person.pet
        if gap == "s":
            return person.family
        if gap == "f":
            return full(person, chance)
        return mention(person, chance)

    def _all_towns(self) -> list[str]:
        """Every town that heads and tails of one word can make."""
        return [h + t.lower() for h in self._m.town_heads for t in self._m.town_tails if h[-1] not in "_-"]

    def _town(self, chance: random.Random) -> str:
        if chance.random() < 0.35:
            return chance.choice(self._m.towns)
        if chance.random() < 0.3:
            return self._new_town.word(chance).capitalize()
        head, tail = chance.choice(self._m.town_heads), chance.choice(self._m.town_tails)
        if head[-1] in "_-":
            return head.replace("_", " ") + tail[0].upper() + tail[1:]
        return head + tail.lower()

    def _street(self, chance: random.Random) -> str:
        pattern = chance.choice(self._m.streets)
        person = self._people.person(chance)
        head = chance.choice(self._m.street_heads)
        kind = chance.random()
        if kind < 0.2:
            head = person.family.split(" ")[-1]
        elif kind < 0.4:
            head = chance.choice(self._m.nouns).capitalize()
        elif kind < 0.5:
            head = self._new_town.word(chance).capitalize()
        return pattern.replace("{H}", head).replace("{S}", person.family).replace("{F}", full(person, chance))

    def _address(self, chance: random.Random) -> str:
        pattern = chance.choice(self._m.addresses)
        scene = Scene([self._people.person(chance)], [self._town(chance)])
        pattern = pattern.replace("{H}", chance.choice(self._m.street_heads))
        return "".join(text for text, _ in self._fill(pattern, scene, chance))

    def _postcode(self, chance: random.Random) -> str:
        letters = "ABDEFGHJLNPQRSTUWXYZ"
        if self._m.language == "en":
            if chance.random() < 0.4:
                return f"{chance.choice(('MA', 'OH', 'TX', 'CA', 'NY', 'WA'))} {chance.randint(10000, 99999)}"
            area = "".join(chance.choice(letters) for _ in range(chance.randint(1, 2)))
            return (
                f"{area}{chance.randint(1, 29)} {chance.randint(1, 9)}{chance.choice(letters)}{chance.choice(letters)}"
            )
        if self._m.language == "pt":
            return f"{chance.randint(1000, 9990)}-{chance.randint(1, 999):03d}"
        return f"{chance.randint(1000, 98000):05d}"
