"""Numbers by which states know people, by shape and checksum: python-stdnum, 46 countries.

A specification is a pattern of the compact form (no spaces, points, dashes) and the module that checks it.
What has nothing but digits and a weak check digit is one in ten of all numbers; `numerals` decides with the
words around it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final

_SEPARATORS: Final = re.compile(r"[ \-./·\u00a0]")


@dataclass(frozen=True, slots=True)
class Spec:
    """A kind of number: the pattern of its compact form and the stdnum module that validates it."""

    pattern: re.Pattern[str]
    module: str


def _spec(pattern: str, *modules: str) -> tuple[Spec, ...]:
    return tuple(Spec(re.compile(pattern), module) for module in modules)


SPECS: Final[tuple[Spec, ...]] = (
    *_spec(r"\d{8}[A-Z]", "es.dni"),
    *_spec(r"[XYZ]\d{7}[A-Z]", "es.nie"),
    *_spec(r"[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]", "it.codicefiscale"),
    *_spec(r"\d{7}[A-W][A-IW]?", "ie.pps"),
    *_spec(r"\d{6}[-+A]\d{3}[0-9A-Y]|\d{6}[A+-]?\d{3}[A-Y]", "fi.hetu"),
    *_spec(r"[STFGM]\d{7}[A-Z]", "es.nie"),
    *_spec(r"[A-Z]{4}\d{6}[A-Z]{6}[A-Z0-9]\d", "mx.curp"),
    *_spec(r"[A-Z]{3,4}\d{6}[A-Z0-9]{3}", "mx.rfc"),
    *_spec(r"\d{7,8}[0-9K]", "cl.rut"),
    *_spec(r"\d{8}\d[A-Z0-9]{2}\d", "pt.cc"),
    *_spec(r"\d{17}[\dX]", "cn.ric"),
    *_spec(r"[A-Z]{5}\d{4}[A-Z]", "in_.pan"),
    *_spec(r"[A-Z]{3}\d{7}", "in_.epic"),
    *_spec(r"[VEJPG]\d{9}", "ve.rif"),
    *_spec(r"\d{16}", "id.nik"),
    *_spec(r"[12]\d{12,14}|[12]\d{4}2[AB]\d{8}", "fr.nir"),
    *_spec(r"\d{13}", "ro.cnp", "si.emso", "za.idnr", "kr.rrn", "th.pin", "fr.nif"),
    *_spec(r"\d{12}", "in_.aadhaar", "my.nric", "jp.in_", "se.personnummer", "ua.rntrc"),
    *_spec(
        r"\d{11}",
        "de.idnr",
        "be.nn",
        "br.cpf",
        "pl.pesel",
        "hr.oib",
        "ee.ik",
        "lt.asmens",
        "lv.pvn",
        "no.fodselsnummer",
        "gr.amka",
        "tr.tckimlik",
        "ar.cuit",
        "do.cedula",
        "cu.ni",
    ),
    *_spec(
        r"\d{10}",
        "gb.nhs",
        "at.vnr",
        "bg.egn",
        "cz.rc",
        "dk.cpr",
        "is_.kennitala",
        "ec.ci",
        "ua.rntrc",
        "se.personnummer",
        "us.npi",
        "co.nit",
    ),
    *_spec(r"\d{9}", "nl.bsn", "pt.nif", "ca.sin", "au.tfn", "il.idnr", "us.ssn", "us.itin", "nz.ird", "cz.rc"),
    *_spec(r"756\d{10}", "ch.ssn"),
)


def compact(value: str) -> str:
    """The value without separators, in capitals."""
    return _SEPARATORS.sub("", value).upper()


def known(value: str) -> str | None:
    """The first kind of number that ``value`` validly is, by the name of its stdnum module, or None."""
    short = compact(value)
    for spec in SPECS:
        if spec.pattern.fullmatch(short) and _valid(spec.module)(short):
            return spec.module
    return None


@cache
def _valid(module: str) -> Callable[[str], bool]:
    """The validator of one module; one that the installed stdnum lacks refuses everything."""
    try:
        check: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    except ModuleNotFoundError:
        return lambda _: False
    return check
