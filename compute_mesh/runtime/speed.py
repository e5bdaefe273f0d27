"""How fast a model runs here, measured in a process of its own that ends with whoever asked."""

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compute_mesh.runtime.header import BadGguf, read_header
from compute_mesh.runtime.needs import check_fits, needs
from compute_mesh.runtime.processor import check_processor
from compute_mesh.runtime.shape import shape_of
from compute_mesh.runtime.trial import bounded

#: Seconds that loading and measuring may take.
MOST_SECONDS: Final = 120.0
#: Tokens of the prompt, and tokens that are generated after it, one pass each. The text does not change the speed.
PROMPT_TOKENS: Final = 128
GENERATED_TOKENS: Final = 32
_CONTEXT: Final = 256
_PROGRAM: Final = """
import json, sys, time
from pathlib import Path
from compute_mesh.runtime.loaded import Limits, Loaded
prompt, generated, context = map(int, sys.argv[2:])
model = Loaded(Path(sys.argv[1]), Limits(context=context, memory=1 << 62))
token = (model.tokens("one") or model.first or [0])[0]
model.read([token] * 16)
model.forget()
begun = time.perf_counter()
model.read([token] * prompt)
model.scores(1)
read = time.perf_counter()
for _ in range(generated):
    model.step(token)
    model.scores(1)
ended = time.perf_counter()
json.dump({"prompt": prompt / (read - begun), "generation": generated / (ended - read)}, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second of wall time on one core: reading a prompt, and generating one text."""

    prompt: float
    generation: float


async def measure_speed(path: Path, *, seconds: float = MOST_SECONDS) -> Speed:
    """Load the GGUF file at ``path`` and run a few passes; other work on the machine makes the figures smaller.

    Raises:
        BadGguf: it cannot be loaded, or not in time. TooLarge: it does not fit into memory. ProcessorTooOld.
    """
    check_processor()
    needed = needs(shape_of(read_header(path)), _CONTEXT)
    check_fits(needed, None)
    numbers = (PROMPT_TOKENS, GENERATED_TOKENS, _CONTEXT)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, str(path), *map(str, numbers), **bounded(needed.ram)
    )
    try:
        async with asyncio.timeout(seconds):
            said, _ = await process.communicate()
        return Speed(**json.loads(said))
    except (TimeoutError, ValueError, TypeError):
        raise BadGguf("loading", f"{path.name}: its speed could not be measured") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
