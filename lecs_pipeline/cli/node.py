"""`lecs node`: bring this home in touch with others of its commons, and keep it so."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table, working
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from compute_mesh.node.running import Ready

app = typer.Typer(help="The node: this home in touch with others of its commons.", no_args_is_help=True)

NodeArgument = Annotated[str, typer.Argument(help="The node's key (did:key:…), or the end of it.")]


@app.command()
def init(home: HomeOption = None, json: JsonOption = False) -> None:
    """Make the node's keys and its settings file. In an empty folder nothing else: `join` brings the commons."""
    from lecs_pipeline.node import init_node

    made = init_node(choose_home(home))
    if json:
        emit(made)
    else:
        say(f"Node {made['node']}; its settings are in {made['settings']}.")
        if made["member"]:
            say("Next: `lecs node start`, and `lecs node invite` to let another node in.")
        else:
            say("Next: `lecs node join TICKET` with a ticket from a node of the commons, then `lecs node start`.")


@app.command()
def start(
    bind: Annotated[
        list[str] | None,
        typer.Option(help="HOST:PORT to listen on, in the place of what the settings say; once for each family."),
    ] = None,
    status_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the status page on loopback, in the place of the settings'."),
    ] = None,
    gateway: Annotated[
        str, typer.Option(help="HOST:PORT of loopback for the OpenAI-compatible API; without it there is none.")
    ] = "",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Run the node in the foreground until SIGTERM or Ctrl-C.

    Nothing leaves the machine before `lecs node invite` or `lecs node join` was run here.
    """
    from lecs_pipeline.node import start_node

    def ready(found: "Ready") -> None:
        if json:
            told = {"node": found.node, "socket": found.socket, "status_url": found.status_url}
            emit({**told, "gateway": found.gateway or None})
        else:
            say(f"Node {found.node} is running; its page: {found.status_url} (stop it with Ctrl-C).")
            if found.gateway:
                say(f"The OpenAI-compatible API: {found.gateway} (a key: `lecs key api new`).")

    start_node(choose_home(home), bind, ready, status_port, gateway)


@app.command()
def stop(home: HomeOption = None) -> None:
    """Stop the running node, and wait until it has ended."""
    from lecs_pipeline.node import stop_node

    stop_node(choose_home(home))
    say("The node has ended.")


@app.command()
def status(home: HomeOption = None, json: JsonOption = False) -> None:
    """What the running node holds, whom it knows, and what is wrong."""
    from lecs_pipeline.node import node_status

    found = node_status(choose_home(home))
    if json:
        emit(found)
        return
    rows = [[key, str(value)] for key, value in found.items() if key != "problems"]
    show_table("Node", ["", ""], rows)
    for sentence in found["problems"]:
        say(sentence)


@app.command()
def doctor(home: HomeOption = None, json: JsonOption = False) -> None:
    """Look at keys, settings, sockets, clock and disk before anybody relies on this node."""
    from lecs_pipeline.node import examine_node

    found = examine_node(choose_home(home))
    if json:
        emit({"findings": found})
    else:
        show_table("Node", ["", "", ""], [["well" if f["ok"] else "WRONG", f["name"], f["detail"]] for f in found])
    if not all(f["ok"] for f in found):
        raise typer.Exit(12)


@app.command()
def invite(
    hours: Annotated[int, typer.Option(min=1, max=24 * 30, help="How long the ticket is good for.")] = 24,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Print a ticket (and its QR code) that lets one node into the commons, once."""
    from lecs_pipeline.node import make_invitation

    made = make_invitation(choose_home(home), hours)
    if json:
        emit(made)
        return
    import segno

    segno.make(made["ticket"], error="l").terminal(out=sys.stderr, compact=True)
    typer.echo(made["ticket"])
    say(f"Good for one node, until {made['expires']}. There: `lecs node init`, then `lecs node join TICKET`.")


@app.command()
def join(
    ticket: Annotated[str, typer.Argument(help="The ticket: LECS1…")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Join the commons of a ticket. A home belongs to one commons; a second join is refused."""
    from lecs_pipeline.node import join_commons

    path = choose_home(home)
    with working("Meeting the inviting node, and bringing the ledger here"):
        joined = join_commons(path, ticket)
    if json:
        emit(joined)
    elif joined["state"] == "admitted":
        say("Joined: the charter admits this node. `lecs node start` keeps it in touch.")
    else:
        say("Joined, and pending: the stewards have to admit this node. Until then what it states counts here only.")


@app.command()
def peers(home: HomeOption = None, json: JsonOption = False) -> None:
    """The nodes that this one knows."""
    from lecs_pipeline.node import node_peers

    found = node_peers(choose_home(home))
    if json:
        emit({"peers": found})
    else:
        rows = [
            [p["node"], p["state"], p["last_seen"] or "never", "" if p["rtt_ms"] is None else f"{p['rtt_ms']:.0f} ms"]
            for p in found
        ]
        show_table("Peers", ["node", "state", "last seen", "round trip"], rows)


@app.command()
def admit(
    node: Annotated[str, typer.Argument(help="The newcomer's key: did:key:…")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """As steward, let a pending node in: a change of the charter, in force once enough stewards approved it."""
    from lecs_pipeline.node import admit_node

    done = admit_node(choose_home(home), node)
    emit(done) if json else say(f"{node} is {done['state']}.")


@app.command()
def block(node: NodeArgument, home: HomeOption = None) -> None:
    """Have nothing more to do with a node. Its statements count as before: that is for the charter to decide."""
    from lecs_pipeline.node import block_node

    block_node(choose_home(home), node, unblock=False)
    say("Blocked.")


@app.command()
def unblock(node: NodeArgument, home: HomeOption = None) -> None:
    """Talk to a blocked node again."""
    from lecs_pipeline.node import block_node

    block_node(choose_home(home), node, unblock=True)
    say("Not blocked any more.")
