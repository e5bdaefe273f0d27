"""An honest answer fits when it is read again; another's does not; draws are those of the sampler."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compute_mesh.adapters.gguf import write_adapter
from compute_mesh.audit.claims import TOP, Claim, Recorder, evidence_root, leaves
from compute_mesh.audit.forcing import Forced, force
from compute_mesh.audit.replaying import distance, draws
from compute_mesh.audit.tolerances import SAME_CLASS
from compute_mesh.audit.verdicts import judge_answers
from compute_mesh.runtime.loaded import Adapter, Limits, Loaded
from compute_mesh.runtime.model import FILES, packaged_folder
from compute_mesh.runtime.sampling import Sampling
from compute_mesh.runtime.together import write_together
from compute_mesh.runtime.writing import write

pytestmark = pytest.mark.models
PROMPTS = ("The old mill stood by the river, and", "In the morning the ferry", "A letter from the baker said")


@pytest.fixture(scope="module")
def model() -> Iterator[Loaded]:
    with Loaded(packaged_folder() / FILES[0]["path"], Limits(context=128, sequences=3)) as loaded:
        yield loaded


def written(model: Loaded, sampling: Sampling, text: str = PROMPTS[0]) -> Claim:
    prompt, recorder = model.tokens(text), Recorder()
    answer = write(model, prompt, sampling, recorder.watch)
    return recorder.claim(0, prompt, answer.tokens, answer.finish, sampling)


@pytest.fixture(scope="module")
def greedy(model: Loaded) -> Claim:
    return written(model, Sampling(tokens=16, temperature=0))


@pytest.fixture(scope="module")
def sampled(model: Loaded) -> Claim:
    return written(model, Sampling(tokens=24, temperature=0.9, top_k=50, top_p=0.9, seed=11))


def test_an_honest_answer_fits(model: Loaded, greedy: Claim) -> None:
    forced = force(model, greedy)
    assert len(forced.misfit) == len(forced.drift) == len(greedy.tokens) == 16
    assert forced.misfit.mean() < 0.02
    assert forced.drift.mean() < 0.1


def test_a_long_answer_fits_to_the_last_bit(model: Loaded) -> None:
    """Reading takes the kernels that writing took, however long the answer is."""
    claim = written(model, Sampling(tokens=100, temperature=0.8, top_k=40, top_p=0.95, seed=5))
    forced = force(model, claim)
    assert len(claim.tokens) > 64
    assert forced.misfit.max() < 1e-6
    assert forced.drift.max() < 1e-4


def test_one_changed_token_is_seen_where_it_stands(model: Loaded, greedy: Claim) -> None:
    tokens = [*greedy.tokens]
    tokens[9] = model.tokens(" zebra")[0]
    forced = force(model, replace(greedy, tokens=tuple(tokens)))
    assert forced.misfit[9] > 1
    assert forced.misfit[:9].max() < 1


def test_a_sampled_answer_fits_its_seed_and_no_other(model: Loaded, sampled: Claim) -> None:
    honest = force(model, sampled).misfit
    other = force(model, replace(sampled, sampling=replace(sampled.sampling, seed=12))).misfit
    assert honest.mean() < 0.01
    assert other.mean() > 0.1


def test_a_draw_lies_in_the_part_of_the_token_that_was_chosen(model: Loaded) -> None:
    """With the very scores that the sampler saw, the distance is nothing, for every token; places with one
    candidate draw as well."""
    sampling = Sampling(tokens=24, temperature=0.7, top_k=30, top_p=0.6, seed=2**31 + 5)
    seen: list[tuple[int, np.ndarray]] = []
    write(model, model.tokens(PROMPTS[1]), sampling, lambda _n, token, row: seen.append((token, row.copy())))
    chance = draws(sampling.seed, len(seen))
    far = [distance(row, token, float(u), sampling) for (token, row), u in zip(seen, chance, strict=True)]
    assert max(far) < 1e-6
    one = [bool(np.exp(row - row.max()).max() / np.exp(row - row.max()).sum() > 0.6) for _, row in seen]
    assert any(one), "some place had one candidate, so the counting of draws was tested"
    assert not all(one)


def test_answers_written_together_are_recorded_each_on_its_own(model: Loaded) -> None:
    sampling = Sampling(tokens=8, temperature=0)
    prompts, recorder = [model.tokens(text) for text in PROMPTS], Recorder(len(PROMPTS))
    answers = write_together(model, prompts, sampling, watch=recorder.watch)
    for number, answer in enumerate(answers):
        claim = recorder.claim(number, prompts[number], answer.tokens, answer.finish, sampling)
        assert list(claim.top[:, 0][: len(answer.tokens)]) == list(answer.tokens), "the likeliest is what was taken"
        assert force(model, claim).misfit.mean() < 0.05


def test_the_end_of_an_answer_is_a_place_too(model: Loaded) -> None:
    """An answer that is said to be over, where the model would have gone on, does not fit there."""
    claim = written(model, Sampling(tokens=16, temperature=0), PROMPTS[1])
    cut = replace(claim, tokens=claim.tokens[:8], finish="end", top=claim.top[:0])
    forced = force(model, cut)
    assert len(forced.misfit) == 9
    assert forced.misfit[8] > 1


def test_whoever_leaves_the_adapter_out_is_told_by_a_few_answers(model: Loaded, tmp_path: Path) -> None:
    """The whole chain on the packaged model: the honest answers fit, the same ones do not fit with an adapter."""
    chance = np.random.default_rng(2)
    tensors = {
        f"base_model.model.model.layers.{layer}.self_attn.v_proj.lora_{letter}.weight": chance.normal(0, 0.2, shape)
        for layer in range(4, 12)
        for letter, shape in (("A", (4, 576)), ("B", (192, 4)))
    }
    write_adapter(tmp_path / "a.gguf", tensors, alpha=8, rank=4, heads=9, kv_heads=3)
    claims = [written(model, Sampling(tokens=16, temperature=0), text) for text in PROMPTS]
    honest = [force(model, claim) for claim in claims]
    lied = [force_with(model, claim, tmp_path / "a.gguf") for claim in claims]
    assert judge_answers(claims, honest, SAME_CLASS).word != "inconsistent"
    assert judge_answers(claims, lied, SAME_CLASS).word == "inconsistent"
    told_right = [replace(claim, top=claim.top[:0]) for claim in claims]
    alone = judge_answers(told_right, [force_with(model, c, tmp_path / "a.gguf") for c in told_right], SAME_CLASS)
    assert (alone.statistic, alone.word) == ("margin", "inconsistent"), "the tokens alone tell it"


def force_with(model: Loaded, claim: Claim, adapter: Path) -> Forced:
    try:
        model.use([Adapter(adapter)])
        return force(model, claim)
    finally:
        model.use([])


def test_lies_about_log_probabilities_are_far_off(model: Loaded, greedy: Claim) -> None:
    shifted = replace(greedy, top_log_probabilities=greedy.top_log_probabilities - 1)
    assert force(model, shifted).drift.mean() > 0.8
    for bad in (np.full_like(greedy.top, -1), np.full_like(greedy.top, 10**6)):
        assert force(model, replace(greedy, top=bad)).drift.min() > 1e6
    with np.errstate(invalid="ignore"):
        nothing = replace(greedy, top_log_probabilities=np.full_like(greedy.top_log_probabilities, np.nan))
        assert force(model, nothing).drift.min() > 1e6


def test_a_token_that_the_model_does_not_have_is_refused(model: Loaded, greedy: Claim) -> None:
    for token in (-1, model.words):
        with pytest.raises(ValueError, match="token"):
            force(model, replace(greedy, tokens=(token,)))


def test_the_evidence_names_every_place(greedy: Claim) -> None:
    kept = leaves([greedy, greedy])
    assert len(kept) == 32
    assert len(kept[0]) == 12 + 8 * TOP
    assert len(set(kept)) == 32, "the same answer twice has other leaves"
    changed = replace(greedy, top_log_probabilities=greedy.top_log_probabilities + np.float32(1e-3))
    assert evidence_root([greedy]) != evidence_root([changed])
