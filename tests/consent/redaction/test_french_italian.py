"""Numbers that French and Italian people are known by, found whole; what is numbered in public stays."""

import pytest

from consent.redaction.universal import universal


def _covered(text: str, value: str) -> bool:
    at = text.index(value)
    hidden = {i for span in universal(text) for i in range(span.start, span.end)}
    return all(i in hidden or text[i] == " " for i in range(at, at + len(value)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("La causa è iscritta al n. 4512/2021 R.G. del Tribunale.", "4512/2021 R.G."),
        ("Oggetto: R.G. n. 3390/2019, udienza", "R.G. n. 3390/2019"),
        ("procedimento penale 1234/2020 R.G.N.R.", "1234/2020 R.G.N.R."),
        ("N.R.G. 2291/2020", "2291/2020"),
        ("sentenza 887/2019 del giudice", "887/2019"),
        ("tribunale per i minorenni, 332/21 ADS", "332/21"),
        ("fasc. 4512/19", "4512/19"),
        ("matr. 778123", "778123"),
        ("socio n. 451", "451"),
        ("iscritta al registro con il n. 1187/22", "1187/22"),
        ("la mia pratica (n. 22/118)", "22/118"),
        ("p. iva IT 12345678903", "IT 12345678903"),
        ("c.f. RSS-MRA-85T10-A562-S", "RSS-MRA-85T10-A562-S"),
        ("Permesso n. I 0123456 7", "I 0123456 7"),
        ("IBAN: IT 60 X 05428 11101 000000123456", "IT 60 X 05428 11101 000000123456"),
        ("targata TO 456789", "TO 456789"),
        ("la vecchia Cinquecento, Roma A12345", "Roma A12345"),
        ("tre quattro sette, ottantotto, dodici, tre quattro cinque", "ottantotto"),
        ("zero sei, quarantotto, dodici, trentanove, ventuno", "trentanove"),
        ("anna punto rossi chiocciola esempio punto it", "anna punto rossi chiocciola esempio punto it"),
        ("rôle général n° 21/04532", "21/04532"),
        ("jugement du 12 mars, n° 451/2021", "451/2021"),
        ("PV 2021/1187", "2021/1187"),
        ("dossier numéro 118", "118"),
        ("procès verbal n° 1187", "1187"),
        ("numéro d'écrou : 88123", "88123"),
        ("TVA intracommunautaire FR 83 404 833 048", "FR 83 404 833 048"),
        ("l'avis d'impôt 23 75 A123456 78", "23 75 A123456 78"),
        ("ma vieille 4L 782 ABC 13", "782 ABC 13"),
        ("bénéficiaire RSA 3344512 K", "3344512 K"),
        ("Vos réf. 4471/AB", "4471/AB"),
        ("jean tiret luc point petit arobase free point fr", "jean tiret luc point petit arobase free point fr"),
        ("Az. 451 Js 1234/21", "451 Js 1234/21"),
        ("inquérito 451/21.0PBLSB", "451/21.0PBLSB"),
    ],
)
def test_found_whole(text: str, value: str) -> None:
    """Every character of the number is covered, its register with it."""
    assert _covered(text, value)


@pytest.mark.parametrize(
    "text",
    [
        "La legge n. 241/1990 e il d.lgs. n. 196/2003 valgono ancora.",
        "Secondo l'art. 12 della legge 104/92 ho tre giorni al mese.",
        "Vedi il DPR n. 445/2000 e la Gazzetta Ufficiale n. 12/2021",
        "A causa di 2000 persone in piazza, la strada era chiusa.",
        "dieci venti trenta quaranta cinquanta sessanta",
        "Ordine n. 4512 e fattura n. 12/2021 sono pagate.",
        "La loi n° 78/17 et le décret n° 2019/536 s'appliquent.",
        "Le bus n° 451 et le train n° 2104 sont en retard.",
        "Dans ce cas 1200 personnes sont venues; en 1998 le registre fut clos.",
        "Numéro 3/2021 du journal, saison 2020/21",
        "We came at 10 AM 25 people, and it 60 people left.",
    ],
)
def test_left_alone(text: str) -> None:
    """Laws, journals, buses and counts are nobody's numbers."""
    assert universal(text) == []
