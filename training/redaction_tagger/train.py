"""Training: texts made as they are needed, one pass over them, averaged weights."""

import random
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from thinc.api import Adam, fix_random_seed

from consent.redaction.tagger.network import initialised, parameters, set_parameters
from training.redaction_tagger.corpus import Corpus, example, vocabulary
from training.redaction_tagger.recipe import Recipe

Batch = tuple[list[Any], list[Any]]


def train(recipe: Recipe, corpus: Corpus) -> tuple[Any, frozenset[int]]:
    """The trained network and its vocabulary."""
    fix_random_seed(recipe.seed)
    known = vocabulary(corpus.texts(recipe.vocabulary_texts, recipe.seed + 1))
    model = initialised(recipe.sizes, recipe.dropout)
    optimizer = Adam(recipe.learning_rate, L2=1e-5, grad_clip=1.0, use_averages=True)
    started, seen, loss = time.monotonic(), 0, 0.0
    for step, (features, tags) in enumerate(_batches(recipe, corpus, known)):
        optimizer.learn_rate = recipe.learning_rate * _rate(step, seen / recipe.texts, recipe.warm_up)
        loss += _update(model, features, tags, optimizer, recipe.smoothing)
        seen += len(features)
        if step % 100 == 99:
            print(f"{seen} texts, loss {loss / 100:.4f}, {time.monotonic() - started:.0f} s", flush=True)
            loss = 0.0
    with model.use_params(optimizer.averages):
        averaged = {key: value.copy() for key, value in parameters(model).items()}
    set_parameters(model, averaged)
    return model, known


def _rate(step: int, done: float, warm_up: int) -> float:
    """Up in ``warm_up`` steps, then down to a fiftieth along a line."""
    return min(1.0, (step + 1) / warm_up) * max(0.02, 1.0 - done)


def _update(model: Any, features: list[Any], tags: list[Any], optimizer: Any, smoothing: float) -> float:
    """One step towards the tags, a little of each word left to all tags; returns the mean cross-entropy of a word."""
    outputs, backpropagate = model.begin_update(features)
    count = sum(len(t) for t in tags)
    gradients, loss = [], 0.0
    for output, wanted in zip(outputs, tags, strict=True):
        rows = np.arange(len(wanted))
        loss -= float(np.log(output[rows, wanted] + 1e-9).sum())
        gradient = output - smoothing / output.shape[1]
        gradient[rows, wanted] -= 1.0 - smoothing
        gradients.append((gradient / count).astype(np.float32))
    backpropagate(gradients)
    model.finish_update(optimizer)
    optimizer.step_schedules()
    return loss / count


def _batches(recipe: Recipe, corpus: Corpus, known: frozenset[int]) -> Iterator[Batch]:
    """Texts together until they have ``batch_words`` words."""
    features: list[Any] = []
    tags: list[Any] = []
    words = 0
    chance = random.Random(recipe.seed)
    for parts in corpus.texts(recipe.texts, recipe.seed):
        one, wanted = example(parts, known, chance)
        if not len(wanted):
            continue
        features.append(one)
        tags.append(wanted)
        words += len(wanted)
        if words >= recipe.batch_words:
            yield features, tags
            features, tags, words = [], [], 0
    if features:
        yield features, tags
