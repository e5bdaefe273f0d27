"""The root of the command line, and the one place where exceptions become words and exit codes."""

import sys

import typer

from lecs_pipeline.cli import (
    adapter,
    ask,
    asset,
    audits,
    backup,
    blob,
    charter,
    consent,
    contribute,
    credits,
    curate,
    dataset,
    desk,
    govern,
    held,
    jobs,
    key,
    ledger,
    mixture,
    model,
    moderate,
    node,
    notice,
    pending,
    redact,
    redaction,
    run,
    search,
    start,
    train,
    up,
    warehouse,
)
from lecs_pipeline.cli.exits import exit_code, name_of
from lecs_pipeline.cli.options import HomeOption
from lecs_pipeline.cli.output import emit, say
from lecs_pipeline.settings import choose_home, quiet_libraries, wants_trace

app = typer.Typer(
    name="lecs",
    help="P2P-LECS: build a corpus with consent. Texts come in signed, versions go out, a change of mind counts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

for group in (start, contribute, redact, curate, search, ask, run, jobs, train, moderate, backup, charter, up):
    group.register(app)
app.add_typer(desk.app, name="desk")
app.add_typer(key.app, name="key")
app.add_typer(charter.app, name="charter")
app.add_typer(consent.app, name="consent")
app.add_typer(held.app, name="held")
app.add_typer(pending.app, name="pending")
app.add_typer(redaction.app, name="redaction")
app.add_typer(dataset.app, name="dataset")
app.add_typer(mixture.app, name="mixture")
app.add_typer(model.app, name="model")
app.add_typer(adapter.app, name="adapter")
app.add_typer(notice.app, name="notice")
app.add_typer(asset.app, name="asset")
app.add_typer(blob.app, name="blob")
app.add_typer(ledger.app, name="ledger")
app.add_typer(warehouse.app, name="warehouse")
app.add_typer(node.app, name="node")
app.add_typer(jobs.app, name="jobs")
app.add_typer(audits.app, name="audit")
app.add_typer(credits.app, name="credits")
app.add_typer(govern.app, name="govern")


@app.callback()
def root(home: HomeOption = None) -> None:
    """Choose the home before the command runs."""
    choose_home(home)


def main() -> None:
    """Run `lecs`: no stack trace reaches a user, and exit codes differ by cause."""
    quiet_libraries()
    try:
        from substrate.store import failpoints  # noqa: F401 (an unknown failpoint is refused at the start)

        app(standalone_mode=True)
    except SystemExit:
        raise
    except KeyboardInterrupt:
        say("Stopped. Run it again: it goes on where it was.")
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        _fail(error)


def _fail(error: Exception) -> None:
    error = _named(error)
    code = exit_code(error)
    # An unknown fault may carry anything in its message, a text included: only its name is shown.
    message = str(error) if code != 1 else f"a fault of the program ({type(error).__name__}): please report it"
    if isinstance(error, UnicodeDecodeError):
        message = f"the input is not UTF-8 at byte {error.start}"
    elif isinstance(error, OSError) and error.filename and error.strerror:
        message = f"{error.filename}: {error.strerror.lower()}"
    if "--json" in sys.argv[1:]:
        emit({"error": name_of(code), "message": message})
    say(f"lecs: {message}")
    if code == 1 and wants_trace():
        import traceback

        traceback.print_exc()
    sys.exit(code)


def _named(error: Exception) -> Exception:
    """A full disk under whatever name it came, as one sentence that says what to do."""
    from substrate.store.full import disk_full

    return disk_full(error) or error
