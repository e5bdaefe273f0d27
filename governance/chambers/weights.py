"""What a person weighs in the technical chamber: min(cap, credit ^ log10(2)).

All nodes of a person are one person: their credit is summed before the power is taken, so that splitting a machine
into many gains nothing. Why this power and not 1 + log10: docs/decisions/0060.
"""

from governance.exact import LOG10_2, NANO, UNIT, divided, power
from governance.members.admitted import Members
from governance.parameters import Timeline

_PER_NANO = UNIT // NANO


def weights_of(weighing: dict[str, int], members: Members, timeline: Timeline, time: str) -> dict[str, int]:
    """Weights above nought in units of 10^-12, by person.

    Halved for each of those whom the person vouched for and who was found to be no person; then, if an organisation's
    members together weigh more than its cap, each of them in proportion.
    """
    cap = timeline.at("weight-cap", time) * _PER_NANO
    weights = {
        person: divided(min(cap, power(units, LOG10_2)), 2 ** min(members.liable.get(person, 0), 64))
        for person, units in weighing.items()
        if person in members.persons
    }
    return {person: units for person, units in _bounded(weights, members, timeline, time).items() if units}


def _bounded(weights: dict[str, int], members: Members, timeline: Timeline, time: str) -> dict[str, int]:
    cap = timeline.at("organisation-cap", time) * _PER_NANO
    totals: dict[str, int] = {}
    for person, units in weights.items():
        for name in members.bindings.organisations.get(person, ()):
            totals[name] = totals.get(name, 0) + units
    bounded = {}
    for person, units in weights.items():
        largest = max((totals[name] for name in members.bindings.organisations.get(person, ())), default=0)
        bounded[person] = units if largest <= cap else divided(units * cap, largest)
    return bounded
