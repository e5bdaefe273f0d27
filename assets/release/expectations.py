"""The rows of a release before Great Expectations: one suite on what leaves, and pages that show no text.

No text is handed over: of the column ``text`` the suite sees whether there is one, and how long it is. Results are
asked for as booleans alone, so that no value of a row stands in a page. Importing the library takes seconds, so it is
imported inside the step.
"""

import json
import os
import re
import shutil
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from assets.release.reading import UnreadableRelease, read_rows
from assets.release.signature import MANIFEST
from substrate.record.vocabulary import PURPOSES, TIERS

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

NAME: Final = "release-rows"
_ROW: Final = r"^[0-9a-f]{64}$"
#: Scripts, styles and pictures from other machines; the pages read well without them.
_ELSEWHERE: Final = re.compile(
    r'<script[^>]*src="https?://[^>]*>\s*</script>|<(?:link|img)[^>]*"https?://[^>]*>|url\([^)]*https?://[^)]*\)'
)
_LANGUAGE: Final = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"


@dataclass(frozen=True, slots=True)
class Expected:
    """What came of the suite: counts, names of columns and of expectations; never a value of a row."""

    passed: bool
    rows: int
    expectations: int
    problems: list[str]
    table: str
    seconds: float
    pages: Path


def expect_rows(folder: Path, pages: Path) -> Expected:
    """Hold the shards of a release against the suite, and write its pages; ``pages`` is replaced.

    Raises:
        UnreadableRelease: a shard is missing or damaged.
    """
    begun = time.monotonic()
    rows = leaving(read_rows(folder))
    results = _validated(_frame(rows), _stated(folder), pages)
    lines = [_line(result) for result in results]
    bad = [f"{column}: {name} {trouble}".strip() for ok, column, name, trouble in lines if not ok]
    return Expected(
        passed=not bad,
        rows=rows.height,
        expectations=len(lines),
        problems=bad,
        table=_table(lines),
        seconds=round(time.monotonic() - begun, 2),
        pages=pages / "index.html",
    )


def _stated(folder: Path) -> int:
    """How many rows the release says that it lists."""
    try:
        stated = json.loads((folder / MANIFEST).read_bytes())
        return int(stated["items"]) - int(stated["withdrawn"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UnreadableRelease(f"{MANIFEST} is missing or damaged") from None


def leaving(rows: pl.DataFrame) -> pl.DataFrame:
    """What the suite sees of the rows: no text, lists spelled out, and whether a text may be and is shown."""
    return rows.select(
        "row",
        "tier",
        "language",
        "weight",
        "licence",
        "cohort",
        pl.col("purposes").list.sort().list.join(" ").alias("purposes"),
        pl.col("purposes").list.set_difference(list(PURPOSES)).list.len().alias("unknown_purposes"),
        ((pl.col("tier") == "public") & pl.col("purposes").list.contains("publish-text")).alias("may_show"),
        "shown",
        "characters",
    )


def _suite(rows: int) -> Iterator["Expectation"]:
    """What must hold of every row that leaves."""
    import great_expectations.expectations as gxe

    yield gxe.ExpectTableRowCountToEqual(value=rows)
    yield gxe.ExpectColumnValuesToBeUnique(column="row")
    yield gxe.ExpectColumnValuesToMatchRegex(column="row", regex=_ROW)
    yield gxe.ExpectColumnValuesToBeInSet(column="tier", value_set=list(TIERS))
    yield gxe.ExpectColumnValuesToNotBeNull(column="purposes")
    yield gxe.ExpectColumnMaxToBeBetween(column="unknown_purposes", min_value=0, max_value=0)
    yield gxe.ExpectColumnValuesToMatchRegex(column="language", regex=_LANGUAGE)
    yield gxe.ExpectColumnValuesToBeBetween(column="weight", min_value=1)
    yield gxe.ExpectColumnValuesToNotBeNull(column="licence", row_condition="shown == True", condition_parser="pandas")
    yield gxe.ExpectColumnPairValuesToBeInSet(
        column_A="may_show", column_B="shown", value_pairs_set=[(True, True), (True, False), (False, False)]
    )
    yield gxe.ExpectColumnValuesToBeBetween(column="characters", min_value=0)


def _frame(rows: pl.DataFrame) -> "pd.DataFrame":
    """Great Expectations has no source for Polars: the same columns as pandas, without pyarrow."""
    import pandas as pd

    return pd.DataFrame(rows.to_dict(as_series=False), columns=rows.columns)


def _validated(frame: "pd.DataFrame", rows: int, pages: Path) -> list[Any]:
    """The result of each expectation. The context lives in memory; only the pages are written."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx

        shutil.rmtree(pages, ignore_errors=True)
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        for site in list(context.list_data_docs_sites()):
            context.delete_data_docs_site(site)
        context.add_data_docs_site(NAME, _site(pages))
        batch = (
            context.data_sources.add_pandas(NAME).add_dataframe_asset(NAME).add_batch_definition_whole_dataframe("all")
        )
        suite = context.suites.add(gx.ExpectationSuite(name=NAME, expectations=list(_suite(rows))))
        definition = context.validation_definitions.add(gx.ValidationDefinition(name=NAME, data=batch, suite=suite))
        docs = gx.checkpoint.UpdateDataDocsAction(name="pages", site_names=[NAME])
        checkpoint = gx.Checkpoint(
            name=NAME, validation_definitions=[definition], actions=[docs], result_format="BOOLEAN_ONLY"
        )
        ran = context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": frame})
    keep_to_this_machine(pages)
    return [result for run in ran.run_results.values() for result in run.results]


def _site(pages: Path) -> dict[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(pages)},
        "show_how_to_buttons": False,
    }


def keep_to_this_machine(pages: Path) -> None:
    """Take out what a browser would fetch elsewhere when somebody opens a page."""
    for page in [*pages.rglob("*.html"), *pages.rglob("*.css")]:
        page.write_text(_ELSEWHERE.sub("", page.read_text("utf-8")), "utf-8")


def _line(result: Any) -> tuple[bool, str, str, str]:
    """(holds, column, expectation, trouble): an exception inside the library is told, with its kind alone."""
    config, raised = result.expectation_config, result.exception_info or {}
    column = config.kwargs.get("column") or " and ".join(
        str(config.kwargs[name]) for name in ("column_A", "column_B") if name in config.kwargs
    )
    broken = bool(raised.get("raised_exception")) or any(
        isinstance(one, dict) and one.get("raised_exception") for one in raised.values()
    )
    words = str(config.type).removeprefix("expect_").replace("_", " ")
    return bool(result.success), column or "(table)", words, "(could not be computed)" if broken else ""


def _table(lines: list[tuple[bool, str, str, str]]) -> str:
    head = ["| | column | expectation |", "|---|---|---|"]
    return "\n".join(head + [f"| {'holds' if ok else 'FAILS'} | {c} | {n} {t} |" for ok, c, n, t in lines])
