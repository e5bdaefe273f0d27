"""The gateway: time to the first word and tokens a second for 1, 4 and 8 clients, against the model in this process.

.venv/bin/python benchmarks/gateway.py URL KEY [--model NAME] [--tokens N]

A node with `--gateway` has to run; where the model is on a peer alone, the figures are those of the peer over the wire.
Run it on a machine that does nothing else. Tokens are counted by the gateway; the first is not in the rate.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from typing import Any

import httpx

PROMPT = "Tell me about a mill by a river, and who works there."


async def one(client: httpx.AsyncClient, model: str, tokens: int) -> tuple[float, float, int]:
    """Seconds to the first word, seconds from there to the end, and tokens."""
    asked: dict[str, Any] = {
        "model": model, "messages": [{"role": "user", "content": PROMPT}], "max_tokens": tokens, "temperature": 0,
        "stream": True, "stream_options": {"include_usage": True},
    }  # fmt: skip
    begun, first, written = time.perf_counter(), 0.0, 0
    async with client.stream("POST", "chat/completions", json=asked) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if not line.startswith("data: {"):
                continue
            event = json.loads(line.removeprefix("data: "))
            if event.get("usage"):
                written = event["usage"]["completion_tokens"]
            elif not first and event["choices"][0].get("delta", {}).get("content"):
                first = time.perf_counter()
    return first - begun, time.perf_counter() - first, written


async def measure(url: str, key: str, model: str, tokens: int) -> list[dict[str, Any]]:
    """A row for each number of clients."""
    rows = []
    async with httpx.AsyncClient(
        base_url=f"{url.rstrip('/')}/", headers={"authorization": f"Bearer {key}"}, timeout=600
    ) as client:
        await one(client, model, 4)  # The worker is warm then.
        for clients in (1, 4, 8):
            begun = time.perf_counter()
            found = await asyncio.gather(*(one(client, model, tokens) for _ in range(clients)))
            seconds = time.perf_counter() - begun
            rows.append(
                {
                    "clients": clients,
                    "first_word": round(statistics.median(first for first, _, _ in found), 3),
                    "tokens_per_second": round(sum(count for _, _, count in found) / seconds, 1),
                    "decode_per_client": round(statistics.median((n - 1) / rest for _, rest, n in found if n > 1), 1),
                }
            )
    return rows


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--tokens", type=int, default=256)
    given = parser.parse_args()
    rows = asyncio.run(measure(given.url, given.key, given.model, given.tokens))
    out = ["| clients | first word, s | tokens a second, all | decode, each |", "|---:|---:|---:|---:|"]
    out += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
