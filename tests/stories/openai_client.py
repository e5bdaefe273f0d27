"""OpenAI's own client against a gateway, as a process inside a node's namespace: openai_client.py URL KEY MODEL."""

import json
import sys
from typing import Any

import openai

TALK: Any = [{"role": "user", "content": "once upon a time"}]


def failed(client: openai.OpenAI, **asked: Any) -> list[Any]:
    """The status and the code with which a request fails."""
    try:
        client.chat.completions.create(**{"messages": TALK, "max_tokens": 4, **asked})
    except openai.APIStatusError as error:
        return [error.status_code, error.code]
    return []


def say(told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")


def main() -> None:
    url, key, model = sys.argv[1:4]
    client = openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=60)
    if "--alone" in sys.argv:
        say({"errors": {"nobody": failed(client, model=model)}})
        return
    assert model in [one.id for one in client.models.list()]
    pieces, finish = 0, ""
    for event in client.chat.completions.create(model=model, messages=TALK, max_tokens=8, temperature=0, stream=True):
        pieces += bool(event.choices and event.choices[0].delta.content)
        finish = event.choices[0].finish_reason or finish if event.choices else finish
    errors = {
        "unknown model": failed(client, model="nobody"),
        "wrong key": failed(openai.OpenAI(base_url=url, api_key="wrong", max_retries=0), model=model),
        "tools": failed(client, model=model, tools=[{"type": "function", "function": {"name": "look"}}]),
        "too hot": failed(client, model=model, temperature=9),
    }
    say({"pieces": pieces, "finish": finish, "errors": errors})


main()
