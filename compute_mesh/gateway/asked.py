"""Requests as OpenAI's API has them: what of them is done here, and what is refused rather than passed over."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from compute_mesh.gateway.errors import unsupported
from compute_mesh.jobservice.asked import Prompts

MOST_ANSWERS: Final = 8
MOST_TEXTS: Final = 2048
_TOKENS: Final = 256
_TOP_K: Final = 40
#: Fields whose presence would change the answer, and the value that means nothing.
_NEUTRAL: Final[dict[str, tuple[Any, ...]]] = {
    "tools": (None, []), "tool_choice": (None, "none", "auto"), "functions": (None, []),
    "function_call": (None, "none"),
    "logprobs": (None, False, 0), "top_logprobs": (None, 0), "logit_bias": (None, {}), "frequency_penalty": (None, 0),
    "presence_penalty": (None, 0), "response_format": (None, {"type": "text"}), "modalities": (None, ["text"]),
    "audio": (None,), "suffix": (None, ""), "echo": (None, False), "best_of": (None, 1), "prediction": (None,),
    "web_search_options": (None,), "reasoning_effort": (None, "none"), "verbosity": (None, "medium"),
    "service_tier": (None, "auto", "default"),
}  # fmt: skip
#: Fields that change no answer here, whatever they say.
_HARMLESS: Final = frozenset(
    ("metadata", "store", "parallel_tool_calls", "safety_identifier", "prompt_cache_key", "prompt_cache_retention")
)

_NAME: Final = re.compile(r"[a-z_]{1,40}")

Tokens = Annotated[int, Field(ge=1, le=8192)]
Stop = str | Annotated[list[str], Field(max_length=16)]


class _Asked(BaseModel):
    """What is common. Unknown fields are kept, to be refused by name."""

    model_config = ConfigDict(extra="allow", strict=True)

    model: str
    user: str | None = None

    def check(self) -> None:
        """Refuse what is not done here.

        Raises:
            ApiError.
        """
        for name, value in (self.model_extra or {}).items():
            if name in _NEUTRAL:
                if value not in _NEUTRAL[name]:
                    raise unsupported(name, "not done here")
            elif name not in _HARMLESS:
                # A name is told again where it is one: no error quotes what may be somebody's text.
                raise unsupported(name if _NAME.fullmatch(name) else "a field", "no field of this request")


class StreamOptions(BaseModel):
    """Of a stream: whether the last piece tells how many tokens there were."""

    include_usage: bool = False


class _Writing(_Asked):
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, Field(ge=0, le=2, strict=False)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1, strict=False)] | None = None
    #: No field of OpenAI's, but of most clients for models at home.
    top_k: Annotated[int, Field(ge=1, le=1000)] | None = None
    n: Annotated[int, Field(ge=1, le=MOST_ANSWERS)] | None = None
    seed: int | None = None
    stop: Stop | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def streamed(self) -> bool:
        """Whether words are wanted as they come."""
        return bool(self.stream)

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts at which to end."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    def sampling(self, seed: int) -> dict[str, int]:
        """Parameters of a manifest; ``seed`` where none was given."""
        heat = 1.0 if self.temperature is None else self.temperature
        return {
            "tokens": self.max_completion_tokens or self.max_tokens or _TOKENS,
            "seed": (seed if self.seed is None else self.seed) % 2**32,
            "temperature": round(1000 * heat),
            "topK": self.top_k or _TOP_K,
            "topP": max(1, round(1000 * (1.0 if self.top_p is None else self.top_p))),
        }


class Part(BaseModel):
    """A part of a message; only texts are read."""

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]

    @property
    def plain(self) -> tuple[str, str]:
        """Role and text, as jobs have them."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return "system" if self.role == "developer" else self.role, text


class ChatAsked(_Writing):
    """``POST /v1/chat/completions``."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=256)]

    @property
    def prompts(self) -> Prompts:
        """The conversation, as often as answers are wanted."""
        talk = tuple(message.plain for message in self.messages)
        return Prompts("chat", (talk,) * (self.n or 1), self.stops)


class TextAsked(_Writing):
    """``POST /v1/completions``."""

    prompt: str | Annotated[list[str], Field(min_length=1, max_length=64)]

    @property
    def prompts(self) -> Prompts:
        """The texts, each as often as answers are wanted."""
        texts = [self.prompt] if isinstance(self.prompt, str) else self.prompt
        return Prompts("text", tuple(text for text in texts for _ in range(self.n or 1)), self.stops)


class EmbeddingsAsked(_Asked):
    """``POST /v1/embeddings``."""

    input: str | Annotated[list[str], Field(min_length=1, max_length=MOST_TEXTS)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None

    @property
    def texts(self) -> list[str]:
        """What is embedded."""
        return [self.input] if isinstance(self.input, str) else self.input
