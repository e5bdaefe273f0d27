"""Building a version from the command line: the same job, the same history as in the UI."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assets.failures import RULE
from lecs_pipeline.runs import open_instance
from substrate.record.documents import Document
from substrate.store.errors import HomeError
from substrate.store.home import open_home

if TYPE_CHECKING:
    import dagster as dg

MAX_STARTS: Final = 20


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
            say("nothing has changed: the newest version is what is wanted")
            return existing
    _run_until_published(path, as_of, say)
    with open_home(path) as home:
        newest = latest_for(home, _basis_wanted(home))
    if newest is None:
        raise BuildStopped("the run ended well, but no version was published")
    return newest


def _run_until_published(path: Path, as_of: str | None, say: Callable[[str], None]) -> None:
    for _ in range(MAX_STARTS):
        result = _run(path, as_of)
        if result.success:
            return
        rule, sentence = _why(result)
        if rule not in ("StartOver", "StageGone"):
            raise BuildStopped(sentence)
        say("a consent changed while the build ran; starting over")
    raise BuildStopped(f"consents changed during {MAX_STARTS} builds in a row; try again later")


def _run(path: Path, as_of: str | None) -> "dg.ExecuteInProcessResult":
    import dagster as dg

    from assets.workspace import Workspace
    from lecs_pipeline.definitions import defs

    job = defs.resolve_job_def("build")
    config = {"ops": {"eligible": {"config": {"as_of": as_of}}}} if as_of else {}
    with open_instance(path) as instance:
        return job.execute_in_process(
            instance=instance,
            run_config=dg.RunConfig(**config) if config else None,
            resources={"workspace": Workspace(home=str(path))},
            raise_on_error=False,
        )


def _why(result: "dg.ExecuteInProcessResult") -> tuple[str, str]:
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
            return "", f"check {data.check_name} failed: {data.description}"
    return "", "the run failed: look at it with `lecs ui`"


def _error_name(data: Any) -> str:
    return str(data.error.cls_name) if data.error else "no reason given"


def _basis_wanted(home: Any) -> str:
    from assets.stages import read_basis

    return read_basis(home).wanted
