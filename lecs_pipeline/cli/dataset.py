"""`lecs dataset`: versions, built, shown, compared, verified, exported."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lecs_pipeline.cli.options import AsOfOption, HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table, working
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from substrate.record.documents import Document
    from substrate.store.home import Home

app = typer.Typer(help="Dataset versions.", no_args_is_help=True)
VersionArgument = Annotated[str, typer.Argument(help="The version's id, its beginning, or `latest`.")]


@app.command()
def build(
    as_of: AsOfOption = None,
    recompute: Annotated[
        bool,
        typer.Option(
            "--recompute", help="Compute every stage from nothing, even if the newest version is what is wanted."
        ),
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Build and publish the version that is wanted now, through the same job as in the Dagster UI."""
    from lecs_pipeline.building import build_version
    from lecs_pipeline.cli.quiet import quiet_dagster
    from substrate.record.times import check_time
    from substrate.store.home import open_home

    path = choose_home(home)
    if as_of is not None:
        try:
            check_time(as_of)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--as-of") from None
    with open_home(path):
        pass
    with quiet_dagster(), working("Building: gate, near-duplicates, mixture, version"):
        document = build_version(path, as_of, say, recompute=recompute)
    _show(path, document, json)


@app.command("list")
def list_versions(home: HomeOption = None, json: JsonOption = False) -> None:
    """All versions, oldest first."""
    from lecs_pipeline.versions import distinct_versions
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        found = [_summary(opened, document) for document in distinct_versions(opened)]
    if json:
        emit({"versions": found})
    else:
        rows = [[v["version"][:16], str(v["items"]), str(v["refused"]), v["published_at"]] for v in found]
        show_table("Versions", ["version", "items", "refused", "published"], rows)


@app.command()
def show(version: VersionArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """One version: how many items, from what it was built, where its manifest is."""
    from lecs_pipeline.versions import find_version
    from substrate.store.home import open_home

    path = choose_home(home)
    with open_home(path) as opened:
        document = find_version(opened, version)
    _show(path, document, json)


@app.command()
def diff(
    a: VersionArgument,
    b: VersionArgument,
    html: Annotated[
        Path | None, typer.Option("--html", help="Also write a page that people can read.", show_default=False)
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """What changed from version A to version B; with --html as a page with counts, consents and weights. No text."""
    from dataclasses import asdict

    from assets.dataset.manifests import read_manifest
    from corpus.difference import diff as compare
    from lecs_pipeline.comparing import page_of_difference
    from lecs_pipeline.versions import find_version
    from substrate.store.files import write_atomic
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        versions = [find_version(opened, v) for v in (a, b)]
        before, after = (read_manifest(opened, version) for version in versions)
        if html is not None:
            write_atomic(html, page_of_difference(opened, *versions).encode("utf-8"), durable=False)
            say(f"The page is in {html}.")
    found = asdict(compare(before, after))
    if json:
        emit(found)
    else:
        rows = [
            [kind, entry["contribution"], (entry.get("row") or entry["row_after"])[:16]]
            for kind, entries in found.items()
            for entry in entries
        ]
        show_table("Difference", ["", "contribution", "row"], rows)
        say(", ".join(f"{len(entries)} {kind}" for kind, entries in found.items()))


@app.command()
def refused(
    reason: Annotated[
        str | None, typer.Option("--reason", help="Only this reason, as `withdrawn`.", show_default=False)
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Contributions that the last build left out, each with the gate's reason. No text."""
    import polars as pl

    from assets.stages import REFUSED, scan_stage
    from consent.gate import RULES
    from substrate.store.errors import NotFound
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        frame = scan_stage(opened, REFUSED).select("contribution", "reason", "expires", "hold_until")
        reasons = {*RULES, *frame.select("reason").unique().collect()["reason"]}
        if reason is not None and reason not in reasons:
            raise NotFound(f"the gate has no reason {reason}: there are {', '.join(sorted(reasons))}")
        chosen = frame if reason is None else frame.filter(pl.col("reason") == reason)
        found = chosen.sort("reason", "contribution").collect().to_dicts()
    if json:
        emit({"refused": found})
    else:
        rows = [[one["reason"], one["contribution"]] for one in found]
        show_table(f"Refused: {len(found)}", ["reason", "contribution"], rows)


@app.command()
def verify(version: VersionArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Check a version: its signature, its id from its rows, that every member was admissible, texts that are here."""
    from lecs_pipeline.versions import find_version, verify_version
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        found = verify_version(opened, find_version(opened, version))
    if json:
        emit(found)
    else:
        for problem in found["problems"]:
            say(problem)
        say(f"{found['items']} items, {found['erased']} erased since, {found['superseded']} superseded since.")
        say("The version verifies." if found["ok"] else "The version does not verify.")
    if not found["ok"]:
        raise typer.Exit(12)


@app.command()
def export(
    version: VersionArgument,
    folder: Annotated[Path, typer.Argument(help="An empty or new folder.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write a version as files that others can load: Parquet, card, manifest. Text only where it may be published."""
    from lecs_pipeline.exporting import export_version
    from lecs_pipeline.versions import find_version
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        found = export_version(opened, find_version(opened, version), folder.absolute())
    if json:
        emit(found)
    else:
        say(f"{len(found['files'])} files in {found['path']}")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="The folder of an export.")],
    feed: Annotated[
        str | None,
        typer.Option(
            help="Ask the revocation feed of a desk at this address instead: which rows must go from this copy.",
            show_default=False,
        ),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Hold an export against the release checklist: what must be true before anybody sees it.

    With --feed, hold a copy against what was taken back since; exit code 11 when a row must go. Needs no home.
    """
    from assets.release.checklist import checklist
    from lecs_pipeline.clock import now
    from substrate.store.errors import NotFound
    from substrate.store.home import open_home

    if not folder.is_dir():
        raise NotFound(f"{folder} is not a folder")
    if feed is not None:
        _check_feed(folder, feed, choose_home(home), json)
        return
    with open_home(choose_home(home)) as opened:
        entries = checklist(opened, folder.absolute(), now())
    ok = all(entry.ok for entry in entries)
    if json:
        emit({"ok": ok, "entries": [{"name": e.name, "ok": e.ok, "detail": e.detail} for e in entries]})
    else:
        rows = [["holds" if e.ok else "FAILS", e.name, e.detail] for e in entries]
        show_table("Release checklist", ["", "entry", "what was found"], rows)
    if not ok:
        raise typer.Exit(20)


def _check_feed(folder: Path, feed: str, home: Path, json: bool) -> None:
    from lecs_pipeline.feed import check_feed, told

    found = check_feed(folder, feed, home)
    if json:
        emit(told(found))
    else:
        for row in found.withdrawn:
            say(f"must go: {row}")
        say(f"{len(found.withdrawn)} of {found.rows} rows were taken back since.")
    if found.withdrawn:
        raise typer.Exit(11)


def _show(path: Path, document: "Document", json: bool) -> None:
    from substrate.store.home import open_home

    with open_home(path) as opened:
        found = _summary(opened, document)
    if json:
        emit(found)
    else:
        show_table("Version", ["", ""], [[key, str(value)] for key, value in found.items() if key != "built_from"])


def _summary(home: "Home", document: "Document") -> dict[str, Any]:
    body = document.body
    return {
        "version": body["version"],
        "items": body["items"],
        "refused": body["refused"],
        "built_from": body["builtFrom"],
        "path": str(home.blobs.path(body["builtFrom"]["manifest"]["blake3"])),
        "recipe": body["recipe"],
        "policy": body["policy"],
        "published_at": body["time"],
        "document": document.digest,
    }
