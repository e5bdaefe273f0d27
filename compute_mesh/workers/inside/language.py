"""The worker that writes and scores with llama.cpp: several jobs of one requester at once, one pass for all of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from blake3 import blake3

from compute_mesh.runtime.chat import Message, prompt_of
from compute_mesh.runtime.likely import digest_of
from compute_mesh.runtime.loaded import PASS, Adapter, Limits, Loaded
from compute_mesh.runtime.sampling import Sampling
from compute_mesh.runtime.scoring import score_text
from compute_mesh.runtime.together import Together
from compute_mesh.runtime.writing import Written
from compute_mesh.workers.inside.channel import Cancelled, Channel
from compute_mesh.workers.inside.rereading import reread, told_of

#: Where the box has the model and its adapters.
MODEL: Final = "/model/model.gguf"
#: Numbers of texts are job * this + the place of the prompt in it.
_PROMPTS: Final = 1 << 20
#: Types of jobs that read what is given, and forget all else for it.
_READING: Final = ("evaluation", "audit")


class OtherModel(ValueError):
    """The file in the box is not the model that was approved: it was changed after the node had looked at it."""


@dataclass(slots=True)
class _Going:
    """A job whose answers are being written."""

    prompts: list[int]
    stream: bool
    done: dict[int, Written] = field(default_factory=dict)


class Language:
    """A loaded model, the texts that are written, and the jobs that they belong to."""

    def __init__(self, message: dict[str, Any], channel: Channel) -> None:
        """Load what a ``load`` message says.

        Raises:
            OtherModel: the model's bytes are others; nothing of them was read but for their digest.
        """
        self._digest = blake3(max_threads=1).update_mmap(MODEL).hexdigest()
        if self._digest != message["model"]:
            raise OtherModel
        limits = Limits(message["context"], message["threads"], message["slots"], memory=1 << 62)
        self._channel = channel
        self._loaded = Loaded(Path(MODEL), limits)
        adapters = [Adapter(Path(one["path"]), one["scale"]) for one in message["adapters"]]
        if adapters:
            self._loaded.use(adapters)
        self._together = Together(self._loaded, self._piece)
        self._going: dict[int, _Going] = {}

    def engine(self) -> dict[str, Any]:
        """The engine class: model, build, instruction sets, tokens of a pass, kept numbers, attention, slots."""
        import llama_cpp

        parameters = llama_cpp.llama_context_default_params()
        features = llama_cpp.llama_print_system_info().decode("ascii", "replace")
        return {
            "model": self._digest,
            "build": f"llama-cpp-python {llama_cpp.__version__}",
            "isa": sorted(part.split("=")[0].split(":")[-1].strip() for part in features.split("|") if "= 1" in part),
            "ubatch": PASS,
            "kv": f"{parameters.type_k}/{parameters.type_v}",
            "flashAttention": {-1: "auto", 0: "off", 1: "on"}.get(int(parameters.flash_attn_type), "unknown"),
            "slots": self._loaded.limits.sequences,
            "context": self._loaded.context,
            "threads": self._loaded.limits.threads,
        }

    def live(self) -> None:
        """Do jobs until the node closes the pipe."""
        while True:
            message = self._channel.hear(wait=not self._together.busy)
            if message is None or message["op"] == "cancel":
                self._step()
            elif message["op"] == "run":
                self._take(message)
            elif message["op"] == "clear":
                self._loaded.forget()
                self._channel.say("cleared")

    def _take(self, message: dict[str, Any]) -> None:
        """Scoring forgets what was read, so it waits until nothing is being written."""
        if message["type"] not in _READING:
            self._begin(message)
            return
        while self._together.busy:
            self._step()
        self._begin(message)

    def _begin(self, message: dict[str, Any]) -> None:
        job = message["job"]
        try:
            self._channel.check(job)
            inputs = self._channel.inputs(job)
            if message["type"] == "evaluation":
                self._channel.say("result", job=job, value=self._evaluate(job, inputs))
            elif message["type"] == "audit":
                told = told_of(message["parameters"], inputs, self._tokens)
                self._channel.say("result", job=job, value=reread(self._loaded, self._channel, job, told))
            elif message["type"] == "inference":
                self._write(job, message["parameters"], inputs)
            else:
                raise ValueError("another worker does this")
        except Exception as error:
            self._stop(job, tell=False)
            self._channel.failed(job, error)

    def _write(self, job: int, parameters: Mapping[str, Any], inputs: Mapping[str, bytes]) -> None:
        asked = json.loads(inputs["prompts"])
        prompts = [self._tokens(one) for one in asked]
        if not 0 < len(prompts) < _PROMPTS:
            raise ValueError("a job of inference has at least one prompt")
        sampling = parameters["sampling"]
        self._going[job] = _Going([len(one) for one in prompts], bool(parameters["stream"]))
        for number, prompt in enumerate(prompts):
            chosen = Sampling(**sampling | {"seed": sampling["seed"] + number, "stop": tuple(sampling["stop"])})
            self._together.add(job * _PROMPTS + number, prompt, chosen, likely=bool(parameters["likely"]))

    def _tokens(self, prompt: Mapping[str, Any]) -> list[int]:
        """A prompt is a conversation, or a text that is written on as it stands."""
        if "messages" in prompt:
            return prompt_of(self._loaded, [Message(one["role"], one["content"]) for one in prompt["messages"]])
        return self._loaded.tokens(prompt["text"]) or list(self._loaded.first)

    def _piece(self, number: int, text: str) -> None:
        job, index = divmod(number, _PROMPTS)
        if self._going[job].stream:
            self._channel.say("piece", job=job, index=index, text=text)

    def _step(self) -> None:
        """One token more of everything that is wanted."""
        for job in [job for job in self._going if self._channel.is_cancelled(job)]:
            self._stop(job)
        try:
            finished = self._together.step()
        except Exception as error:
            for job in list(self._going):
                self._stop(job, tell=False)
                self._channel.failed(job, error)
            return
        for number, written in finished:
            job, index = divmod(number, _PROMPTS)
            going = self._going[job]
            going.done[index] = written
            self._channel.progress(job, len(going.done), len(going.prompts))
            if len(going.done) == len(going.prompts):
                self._finish(job, self._going.pop(job))

    def _finish(self, job: int, going: _Going) -> None:
        answers = [going.done[index] for index in range(len(going.prompts))]
        likely = b"".join(one.likely for one in answers)
        if likely:
            self._channel.give(job, "likely", likely)
        value = {
            "answers": [_answer(one, size) for one, size in zip(answers, going.prompts, strict=True)],
            "likely": digest_of(likely) if likely else "",
        }
        try:
            self._channel.say("result", job=job, value=value)
        except ValueError as error:
            self._channel.failed(job, error)  # More than a message holds.

    def _stop(self, job: int, *, tell: bool = True) -> None:
        going = self._going.pop(job, None)
        if going is None:
            return
        for index in range(len(going.prompts)):
            self._together.drop(job * _PROMPTS + index)
        if tell:
            self._channel.failed(job, Cancelled())

    def _evaluate(self, job: int, inputs: Mapping[str, bytes]) -> dict[str, Any]:
        """Bits per byte of texts, with the base alone and with the adapters of this worker."""
        texts = json.loads(inputs["texts"])
        worn = list(self._loaded.adapters)
        models = [("base", []), ("adapted", worn)] if worn else [("base", worn)]
        found: dict[str, Any] = {"bytes": [len(one.encode("utf-8")) for one in texts], "tokens": [], "nats": {}}
        done, of = 0, len(texts) * len(models)
        try:
            for name, adapters in models:
                self._loaded.use(adapters)
                scores = []
                for text in texts:
                    self._channel.check(job)
                    scores.append(score_text(self._loaded, text))
                    done += 1
                    self._channel.progress(job, done, of)
                found["nats"][name] = [round(one.nats, 6) for one in scores]
                found["tokens"] = [one.tokens for one in scores]
        finally:
            self._loaded.use(worn)
        return found


def _answer(written: Written, prompt: int) -> dict[str, Any]:
    return {
        "text": written.text,
        "tokens": list(written.tokens),
        "finish": written.finish,
        "promptTokens": prompt,
        "promptRead": written.read,
    }


def main() -> None:
    """The life of this worker."""
    channel = Channel()
    first = channel.hear(wait=True)
    if first is None or first["op"] != "load":
        return
    try:
        language = Language(first, channel)
        channel.say("ready", engine=language.engine())
    except Exception as error:
        channel.failed(0, error)
        return
    language.live()
