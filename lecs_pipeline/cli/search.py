"""`lecs search`, `lecs embed`, `lecs near-duplicates`: finding texts by what they are about."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, progress, say, short, show_table
from lecs_pipeline.settings import choose_home

MOST_QUERY: Final = 10_000


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(search)
    app.command()(embed)
    app.command("near-duplicates")(near_duplicates)


def search(
    query: Annotated[str, typer.Argument(help="What to look for; - reads it from standard input.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many results at most.")] = 10,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Texts that are about something, the nearest first: only those whose consent includes `retrieve` now."""
    from lecs_pipeline.searching import search_home

    wanted = (sys.stdin.read(MOST_QUERY) if query == "-" else query).strip()
    if not wanted:
        raise typer.BadParameter("say what to look for", param_hint="QUERY")
    with progress("Embedding texts", None) as advance:
        hits = search_home(choose_home(home), wanted, limit, advance)
    if json:
        emit({"results": [{"id": h.contribution, "score": h.score, "snippet": h.snippet} for h in hits]})
    elif hits:
        rows = [[short(hit.contribution), f"{hit.score:.2f}", hit.snippet] for hit in hits]
        show_table(f"{len(hits)} texts, the nearest first", ["id", "score", "passage"], rows)
    else:
        say("No text may be found: none that is here has a consent that includes retrieve.")


def embed(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Texts, a line each (or JSON lines with `text`), for the mesh to embed.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where FILE's vectors go (default: FILE.npy).", show_default=False)
    ] = None,
    model: Annotated[str, typer.Option(help="The embedding model for FILE.")] = "all-minilm-l6-v2",
    privacy: Annotated[str, typer.Option(help="Who may read FILE: public, member, own-node, trusted, tee.")] = "member",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Compute the vectors that search, map and near-duplicates use; only what is missing is computed.

    With FILE: vectors of its texts, as jobs on the mesh; the corpus is not touched.
    """
    if file is not None:
        from lecs_pipeline.cli.jobs import embed_file

        embed_file(choose_home(home), file, out, model, privacy, json)
        return
    from lecs_pipeline.searching import embed_home

    with progress("Embedding texts", None) as advance:
        done = embed_home(choose_home(home), advance)
    if json:
        emit({"items": done.items, "computed": done.computed})
    else:
        say(f"{done.items} texts have a vector; {done.computed} were computed now.")


def near_duplicates(
    threshold: Annotated[float, typer.Option(min=0.5, max=1.0, help="The least cosine of a pair.")] = 0.9,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many pairs at most.")] = 100,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Pairs of texts that say about the same, for a curator to look at. Nothing is dropped because of this list."""
    from lecs_pipeline.searching import near_duplicates as pairs_of

    with progress("Embedding texts", None) as advance:
        pairs = pairs_of(choose_home(home), threshold, limit, advance)
    if json:
        emit({"pairs": [{"id": p.contribution, "other": p.other, "cosine": p.cosine} for p in pairs]})
    elif pairs:
        rows = [[short(pair.contribution), short(pair.other), f"{pair.cosine:.3f}"] for pair in pairs]
        show_table("Alike, the most alike first", ["id", "other", "cosine"], rows)
    else:
        say(f"No two texts have a cosine of {threshold} or more.")
