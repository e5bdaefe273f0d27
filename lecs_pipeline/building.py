"""Building a version from the command line: the same job, the same history as in the UI."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assets.failures import RULE
from consent.upkeep import tidy_up
from lecs_pipeline.clock import now
from lecs_pipeline.runs import open_instance
from substrate.record.documents import Document
from substrate.store.buildlock import build_lock
from substrate.store.errors import DiskFull, HomeError
from substrate.store.home import Home, open_home
from substrate.store.leftovers import sweep_home

if TYPE_CHECKING:
    import dagster as dg

MAX_STARTS: Final = 20
#: What a change of mind or an erasure in the middle of a build looks like to the step that meets it.
MAY_BE_A_CHANGE: Final = frozenset({"NotFound", "gate_holds", "commitments_hold"})


class BuildStopped(HomeError):
    """A blocking check failed, or a rule was broken; nothing was published. The message says what."""


def build_version(path: Path, as_of: str | None, say: Callable[[str], None], *, recompute: bool = False) -> Document:
    """The version that is wanted now: the newest one if it is that already, else a new one.

    With ``recompute`` every stage runs again in any case; the same items then give the same version.

    Raises:
        BuildStopped: a check failed or a stored text is not the one that was signed over.
    """
    from assets.dataset.manifests import manifest_here
    from assets.dataset.publishing import latest_for
    from assets.intake.eligibility import wanted_now
    from assets.workspace import now

    with open_home(path) as home:
        existing = latest_for(home, wanted_now(home, as_of or now()))
        if not recompute and existing is not None and manifest_here(home, existing):
            _complete_views(home, existing)
            say("nothing has changed: the newest version is what is wanted")
            return existing
    _run_until_published(path, as_of, say, afresh=recompute)
    with open_home(path) as home:
        newest = latest_for(home, _basis_wanted(home))
    if newest is None:
        raise BuildStopped("the run ended well, but no version was published")
    return newest


def _run_until_published(path: Path, as_of: str | None, say: Callable[[str], None], *, afresh: bool) -> None:
    with open_home(path) as home:
        sweep_home(path)
        tidy_up(home, now())
    for start in range(MAX_STARTS):
        mark = _high_water(path)
        result = _run(path, as_of, afresh=afresh and start == 0)
        if result.success:
            return
        rule, sentence = why_stopped(result)
        if rule == "DiskFull":
            raise DiskFull(sentence)
        # A text that is not there may have been erased while the build ran; if nothing was said, it is a fault.
        changed = rule in MAY_BE_A_CHANGE and _high_water(path) > mark
        if rule not in ("StartOver", "StageGone") and not changed:
            raise BuildStopped(sentence)
        say("a consent changed while the build ran; starting over")
    raise BuildStopped(f"consents changed during {MAX_STARTS} builds in a row; try again later")


def _complete_views(home: Home, version: Document) -> None:
    """Views that a build did not come to, because it died right after publishing."""
    from assets.provenance.views import read_recorded, write_views

    recorded = read_recorded(home)
    if recorded is None or not home.ledger.holds(version.digest, recorded.cut):
        with build_lock(home.path, "lecs dataset build"):
            write_views(home, version.body["builtFrom"]["asOf"])


def _high_water(path: Path) -> int:
    with open_home(path) as home:
        return home.ledger.high_water()


def _run(path: Path, as_of: str | None, *, afresh: bool) -> "dg.ExecuteInProcessResult":
    import dagster as dg

    from assets.workspace import Workspace
    from lecs_pipeline.definitions import defs

    job = defs.resolve_job_def("build")
    survey = {"afresh": afresh, **({"as_of": as_of} if as_of else {})}
    with open_instance(path) as instance:
        return job.execute_in_process(
            instance=instance,
            run_config=dg.RunConfig(ops={"eligible": {"config": survey}}),
            resources={"workspace": Workspace(home=str(path))},
            raise_on_error=False,
        )


def why_stopped(result: "dg.ExecuteInProcessResult") -> tuple[str, str]:
    """(broken rule, sentence) from the events of a failed run."""
    for event in result.all_events:
        data: Any = event.event_specific_data
        if event.is_step_failure:
            failure = data.user_failure_data
            if failure is not None:
                rule = failure.metadata.get(RULE)
                return (str(rule.value) if rule else ""), str(failure.description)
            return "", f"step {event.step_key} failed: {_error_name(data)}"
        if event.event_type_value == "ASSET_CHECK_EVALUATION" and not data.passed and data.blocking:
            return str(data.check_name), f"check {data.check_name} failed: {data.description}"
    return "", "the run failed: look at it with `lecs ui`"


def _error_name(data: Any) -> str:
    return str(data.error.cls_name) if data.error else "no reason given"


def _basis_wanted(home: Any) -> str:
    from assets.stages import read_basis

    return read_basis(home).wanted
