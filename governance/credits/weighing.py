"""Credit that weighs in a vote: old, audited, and earned from others who had a right to ask.

Two keys that settle with each other what nobody did pay nothing for it. So it weighs no more than what the submitter
could ask of the commons anyway: jobs for members, within their daily floor, who are not near to the worker.
"""

from collections.abc import Iterable

from governance.closings import Closings
from governance.credits.decay import Decay
from governance.credits.earning import Earned
from governance.exact import NANO, divided
from governance.members.admitted import Members
from governance.parameters import Timeline


def weighing_credit(
    lines: Iterable[Earned], audited_jobs: dict[str, int], members: Members, closings: Closings, decay: Decay,
    timeline: Timeline, now: int, time: str,
) -> dict[str, int]:  # fmt: skip
    """Units of credit by person, decayed to epoch ``now``; parameters are those of ``time``.

    ``audited_jobs``: how many jobs of each account its consistent audits speak for.
    """
    age = timeline.at("age-days", time)
    asked = _asked(lines)
    found: dict[str, dict[int, int]] = {}
    left = dict(audited_jobs)
    for line in sorted(lines, key=lambda line: (line.epoch if line.epoch is not None else now, line.day, line.cites)):
        if line.epoch is None or line.account not in members.persons:
            continue
        left[line.account] = left.get(line.account, 0) - line.jobs
        old = (now - line.epoch) * closings.days * NANO >= age
        if left[line.account] < 0 or not old or not _counts(line, members):
            continue
        floor = timeline.at("floor-tokens-per-day", closings.end_of(closings.epoch_of(line.day)))
        tokens = asked[(line.payer, line.day)] * NANO
        units = line.units if tokens <= floor else divided(line.units * floor, tokens)
        epochs = found.setdefault(line.account, {})
        epochs[line.epoch] = epochs.get(line.epoch, 0) + units
    return {person: sum(decay.of(units, epoch) for epoch, units in epochs.items()) for person, epochs in found.items()}


def _counts(line: Earned, members: Members) -> bool:
    """Whether the submitter is a member, another person, and not near to the worker."""
    if line.payer not in members.persons or line.payer == line.account or members.near(line.payer, line.account):
        return False
    return not members.bindings.share_an_organisation(line.payer, line.account)


def _asked(lines: Iterable[Earned]) -> dict[tuple[str, str], int]:
    """All tokens that a person asked others for on a day."""
    asked: dict[tuple[str, str], int] = {}
    for line in lines:
        if line.payer != line.account:
            key = (line.payer, line.day)
            asked[key] = asked.get(key, 0) + line.tokens
    return asked
