"""A conversation as the tokens that a model was taught to answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

from compute_mesh.runtime.header import BadGguf
from compute_mesh.runtime.loaded import Loaded

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody said."""

    role: Role
    content: str


def prompt_of(loaded: Loaded, messages: Sequence[Message]) -> list[int]:
    """The tokens of a conversation up to where the model answers.

    The template comes from the model's file: it runs in a sandbox that reaches no file and no attribute of Python's.
    It sees marks in place of what was said, so that control words in a message are read as plain text.

    Raises:
        BadGguf: the model has no chat template, or one that fails.
    """
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if not loaded.shape.template:
        raise BadGguf("missing", "tokenizer.chat_template: this model was not taught to chat, use lecs generate")
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = _refuse
    environment.globals |= {"bos_token": "", "eos_token": ""}
    said = [{"role": one.role, "content": _mark(number)} for number, one in enumerate(messages)]
    try:
        text = environment.from_string(loaded.shape.template).render(messages=said, add_generation_prompt=True)
    except TemplateError as error:
        raise BadGguf("value", f"tokenizer.chat_template fails: {type(error).__name__}") from None
    begin = loaded.first if loaded.api.llama_vocab_get_add_bos(loaded.vocabulary) else []
    tokens = list(begin)
    for number, part in enumerate(_MARK.split(text)):
        content = messages[int(part)].content if number % 2 else part
        tokens += loaded.tokens(content, special=not number % 2) if content else []
    return tokens


def _mark(number: int) -> str:
    """Stands for a message; of the private use area, so that no template has it."""
    return f"\ue0fe{number}\ue0ff"


_MARK: Final = re.compile("\ue0fe(\\d+)\ue0ff")


def _refuse(_: str) -> NoReturn:
    from jinja2 import TemplateError

    raise TemplateError("the template refuses this conversation")
