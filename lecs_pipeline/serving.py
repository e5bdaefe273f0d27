"""Which files stand behind an adapter's name: a GGUF file somebody names, or what the gate lets be served right now."""

from collections.abc import Callable
from pathlib import Path

from assets.training.standing import serve_latest
from compute_mesh.runtime.header import BadGguf
from compute_mesh.runtime.loaded import Adapter, Loaded
from compute_mesh.runtime.model import LanguageModel
from compute_mesh.runtime.trial import try_adapter
from substrate.store.errors import NotFound
from substrate.store.home import Home, open_home

SUFFIX = ".gguf"


def adapter_terms(home: Home, name: str, model: LanguageModel, clock: Callable[[], str]) -> list[Adapter]:
    """The terms of an adapter, in the order in which they are added.

    A path of a GGUF file is tried in a process of its own first. Anything else is the beginning of a digest, or
    ``latest``: the terms that the gate lets be served now, at their fixed scales.

    Raises:
        NotFound: no such file, no such adapter, or nothing of it may be served. BadGguf: the file is refused, or the
        adapter was trained on another model.
    """
    if name.endswith(SUFFIX):
        path = Path(name)
        if not path.is_file():
            raise NotFound(f"no adapter {name}: there is no such file")
        try_adapter(model.path, path)
        return [Adapter(path)]
    standing = serve_latest(home, name, clock)
    if standing.adapter.body["model"]["sha256"] != model.sha256:
        raise BadGguf("kind", "an adapter of another base model")
    return [Adapter(path, scale) for path, scale in standing.served]


def renew(path: Path, name: str | None, loaded: Loaded, clock: Callable[[], str]) -> None:
    """Before another answer: leave out terms that may not be served any more since the last one.

    Raises:
        NotFound: nothing of the adapter may be served any more.
    """
    if name is None or name.endswith(SUFFIX):
        return
    with open_home(path) as home:
        terms = tuple(Adapter(file, scale) for file, scale in serve_latest(home, name, clock).served)
    if terms != loaded.adapters:
        loaded.use(terms)
