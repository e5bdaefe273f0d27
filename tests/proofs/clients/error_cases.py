"""What OpenAI's own client makes of a gateway's errors: ``error_cases.py URL CHAT ABSENT VECTORS < keys.json``.

``ABSENT`` is a model that is approved and nowhere. For each case one object is printed: the class that the client
raised, the status, and the error object, which has to be one of OpenAI's and nothing beside.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import openai
from openai.types.shared import ErrorObject

TALK: Any = [{"role": "user", "content": "once upon a time"}]
FIELDS = {"message", "type", "param", "code"}
#: One byte more than a request may have, and more tokens than a model has room for.
TOO_LONG, TOO_MANY = "a" * (8 << 20), "mill " * 4000


def main() -> None:
    url, chat, absent, vectors = sys.argv[1:5]
    keys = json.load(sys.stdin)

    def client(key: str, **more: Any) -> openai.OpenAI:
        return openai.OpenAI(base_url=url, api_key=keys.get(key, key), max_retries=0, timeout=60, **more)

    stock = client("good")

    def say(name: str = "good", **asked: Any) -> Callable[[], Any]:
        whole = {"model": chat, "messages": TALK, "max_tokens": 4, **asked}
        return lambda: client(name).chat.completions.create(**whole)

    def read(**asked: Any) -> Callable[[], Any]:
        return lambda: list(say(stream=True, **asked)())

    few = say("few")
    few()
    cases: dict[str, Callable[[], Any]] = {
        "no key": say("nothing"),
        "another scope": lambda: client("chat only").embeddings.create(model=vectors, input="x"),
        "unknown model": say(model="nobody"),
        "unknown model, listed": lambda: stock.models.retrieve("nobody"),
        "a model for something else": say(model=vectors),
        "unknown path": lambda: stock.images.generate(prompt="a mill"),
        "another method": lambda: stock.get("/chat/completions", cast_to=object),
        "no JSON": lambda: stock.post("/chat/completions", cast_to=object, content=b"{"),
        "no messages": say(messages=[]),
        "a picture": say(
            messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]
        ),
        "too hot": say(temperature=9),
        "a wrong type": say(max_tokens="many"),
        "tools": say(tools=[{"type": "function", "function": {"name": "look"}}]),
        "log probabilities": say(logprobs=True),
        "a response format": say(response_format={"type": "json_object"}),
        "a field that nobody knows": say(extra_body={"mirostat": 2}),
        "dimensions": lambda: stock.embeddings.create(model=vectors, input="x", dimensions=8),
        "too many tokens": say(messages=[{"role": "user", "content": TOO_MANY}]),
        "too many tokens, streamed": read(messages=[{"role": "user", "content": TOO_MANY}]),
        "too many bytes": say(messages=[{"role": "user", "content": TOO_LONG}]),
        "another host": lambda: client("good", default_headers={"host": "evil.example"}).models.list(),
        "too often": few,
        "too many tokens today": say("spent"),
        "nobody has it": say(model=absent),
        "nobody has it, streamed": read(model=absent),
    }
    say("spent")()
    for name, call in cases.items():
        sys.stdout.write(json.dumps({"case": name, **raised(call)}) + "\n")


def raised(call: Callable[[], Any]) -> dict[str, Any]:
    """What a call raises, and the error that the gateway told."""
    try:
        call()
    except openai.APIError as error:
        response = getattr(error, "response", None)
        body: Any = response.json()["error"] if response is not None else error.body
        ErrorObject.model_validate(body, strict=True)
        return {
            "class": type(error).__name__, "status": getattr(error, "status_code", 200), "code": body["code"],
            "param": body["param"], "type": body["type"], "whole": set(body) == FIELDS,
            "seen": error.code == body["code"],
        }  # fmt: skip
    return {"class": "none"}


main()
