"""Writes docs/reference/cli.md from the Typer application: every command, argument, option and help text.

Run it after a command or its help changed: `.venv/bin/python docs/generate_cli.py`. A test compares.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from lecs_pipeline.cli.app import app

PAGE = Path(__file__).resolve().parent / "reference" / "cli.md"

_HEAD = """\
# The command line

This page is written by `docs/generate_cli.py` from the program itself; a test keeps the two equal. The
program is `.venv/bin/lecs`. Exit codes: [exit-codes.md](exit-codes.md). What `--json` prints:
[json.md](json.md). Environment variables: [settings.md](settings.md).

`--home` may stand before the command or after it. Everything that is said to a person goes to standard
error; tables, and the one JSON object of `--json`, go to standard output.
"""


def commands() -> Iterator[tuple[str, Any]]:
    """(full name, command) of everything that can be called, groups before their members."""
    yield from _walk("lecs", typer.main.get_command(app))


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(_section(name, command) for name, command in commands())


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for child, inner in getattr(command, "commands", {}).items():
        yield from _walk(f"{name} {child}", inner)


def _section(name: str, command: Any) -> str:
    group = hasattr(command, "commands")
    level = "##" if group or name.count(" ") == 1 else "###"
    arguments = [p for p in command.params if not p.opts[0].startswith("-")]
    options = [p for p in command.params if p.opts[0].startswith("-")]
    usage = " ".join([name, *map(_placeholder, arguments), *(["COMMAND"] if group else [])])
    if options:
        usage += " [OPTIONS]"
    lines = [f"\n{level} {name}\n", f"```text\n{usage}\n```\n", f"{_help(command.help)}\n"]
    rows = [f"| `{p.name.upper()}` | {_help(p.help)}{_default(p)} |" for p in arguments]
    rows += [f"| {_spelled(p)} | {_help(p.help)}{_default(p)} |" for p in options]
    if rows:
        lines.append("\n".join(["| argument or option | meaning |", "|---|---|", *rows]) + "\n")
    return "\n".join(lines)


def _placeholder(parameter: Any) -> str:
    name = parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _spelled(parameter: Any) -> str:
    names = [*parameter.opts, *parameter.secondary_opts]
    value = "" if parameter.is_flag else f" {parameter.name.upper()}"
    again = " (may be given several times)" if parameter.multiple else ""
    needed = " (needed)" if parameter.required else ""
    return ", ".join(f"`{name}{value}`" for name in names) + again + needed


def _default(parameter: Any) -> str:
    value = parameter.default
    if value is None or value is False or parameter.required or not parameter.show_default:
        return ""
    shown = parameter.opts[0] if value is True else value
    return f" Default: `{shown}`."


def _help(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
