"""`lecs chat`, `lecs generate`, `lecs score`: an approved model, on this machine and nowhere else."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, tell
from lecs_pipeline.settings import choose_home
from substrate.store.files import plain_file

if TYPE_CHECKING:
    from compute_mesh.runtime.sampling import Sampling
    from lecs_pipeline.running import Chosen

MOST_TEXT: Final = 64 * 1024 * 1024

ModelOption = Annotated[
    str | None, typer.Option("--model", help="The model (default: the packaged one).", show_default=False)
]
AdapterOption = Annotated[
    str | None, typer.Option("--adapter", help="An adapter that is added to it.", show_default=False)
]
SeedOption = Annotated[
    int | None, typer.Option(min=0, help="Of the choices; the same one repeats a text.", show_default=False)
]
TokensOption = Annotated[int, typer.Option("--max-tokens", min=1, help="How many tokens to write at most.")]
HeatOption = Annotated[float, typer.Option("--temperature", min=0.0, max=5.0, help="0 takes the likeliest word.")]
ThreadsOption = Annotated[int, typer.Option(min=1, help="One is right where others use the cores too.")]
ContextOption = Annotated[int, typer.Option(min=64, help="Tokens of prompt and answer together.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(chat)
    app.command()(generate)
    app.command()(score)


def chat(
    model: ModelOption = None,
    adapter: AdapterOption = None,
    seed: SeedOption = None,
    max_tokens: TokensOption = 256,
    temperature: HeatOption = 0.7,
    threads: ThreadsOption = 1,
    context: ContextOption = 2048,
    home: HomeOption = None,
) -> None:
    """Talk with a model, line by line, until the end of the input. Nothing that is said is kept."""
    from lecs_pipeline.running import chat as talk

    chosen = _chosen(model, adapter, threads, context)
    sampling = _sampling(max_tokens, seed, temperature, (), None)
    say("One line is one message; an empty one or the end of the input ends the talk. Nothing is kept.")
    talk(choose_home(home), chosen, _lines(), sampling, _show)


def generate(
    prompt: Annotated[str, typer.Option(help="What to write on from; - reads it from standard input.")],
    model: ModelOption = None,
    adapter: AdapterOption = None,
    seed: SeedOption = None,
    max_tokens: TokensOption = 256,
    temperature: HeatOption = 0.8,
    stop: Annotated[list[str] | None, typer.Option(help="A text at which to end; may be repeated.")] = None,
    grammar: Annotated[Path | None, typer.Option(help="A file with a grammar (GBNF) that the text keeps to.")] = None,
    threads: ThreadsOption = 1,
    context: ContextOption = 2048,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write on from a text, as it stands: no chat template is put around it."""
    from lecs_pipeline.running import generate as write_on

    rule = plain_file(grammar).read_text("utf-8") if grammar else None
    sampling = _sampling(max_tokens, seed, temperature, tuple(stop or ()), rule)
    text = sys.stdin.read(MOST_TEXT) if prompt == "-" else prompt
    chosen = _chosen(model, adapter, threads, context)
    written, used = write_on(choose_home(home), chosen, text, sampling, (lambda _: None) if json else _show)
    if json:
        told = {"text": written.text, "tokens": len(written.tokens), "seed": sampling.seed}
        emit({**told, "model": used, "adapter": adapter})
    else:
        _show("\n")


def score(
    file: Annotated[str, typer.Argument(help="A text in UTF-8, or - for standard input.")],
    model: ModelOption = None,
    adapter: AdapterOption = None,
    threads: ThreadsOption = 1,
    context: ContextOption = 2048,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """How much a text surprises a model, in bits for each byte: less is better, and models can be compared."""
    from lecs_pipeline.running import score as scored

    data = sys.stdin.buffer.read(MOST_TEXT) if file == "-" else plain_file(Path(file)).read_bytes()
    found = scored(choose_home(home), _chosen(model, adapter, threads, context), data.decode("utf-8"))
    told = {"tokens": found.tokens, "bytes": found.bytes, "nats": found.nats, "bits_per_byte": found.bits_per_byte}
    if json:
        emit(told)
    else:
        say(f"{found.bits_per_byte:.4f} bits per byte over {found.tokens:,} tokens, {found.bytes:,} bytes.")


def _chosen(model: str | None, adapter: str | None, threads: int, context: int) -> "Chosen":
    from compute_mesh.runtime.loaded import Limits
    from compute_mesh.runtime.model import NAME
    from lecs_pipeline.running import Chosen

    return Chosen(model or NAME, adapter, Limits(context=context, threads=threads))


def _sampling(
    tokens: int, seed: int | None, temperature: float, stop: tuple[str, ...], grammar: str | None
) -> "Sampling":
    from compute_mesh.runtime.sampling import Sampling
    from lecs_pipeline.running import fresh_seed

    chosen = fresh_seed() if seed is None else seed
    return Sampling(tokens=tokens, seed=chosen, temperature=temperature, stop=stop, grammar=grammar)


def _lines() -> Iterator[str]:
    while line := (input("> ") if sys.stdin.isatty() else sys.stdin.readline()).strip():
        yield line


def _show(piece: str) -> None:
    tell(piece)
