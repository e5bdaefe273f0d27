import random
from fractions import Fraction

from corpus_samples import RECIPE, make_item, members, recipe_with, some_text
from datasketch import MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.near_duplicates import unique
from corpus.shingles import shingles
from corpus.sketches import band_keys, shared_buckets, sketches

THRESHOLD = Fraction(RECIPE.near_duplicates.threshold)


def _jaccard(one, other):
    a, b = set(shingles(one, 5)), set(shingles(other, 5))
    return Fraction(len(a & b), len(a | b))


def _kept(result, cohort):
    return [item for item in result.kept if item.cohort == cohort]


class Unreadable(str):
    """A text that fails when anything is done with it."""

    __slots__ = ()

    def _refuse(self, *_):
        raise AssertionError("a federated text was read")

    casefold = lower = isascii = strip = encode = __len__ = __iter__ = _refuse


@given(members(), st.randoms(use_true_random=False))
def test_arrival_does_not_matter(given_members, rnd):
    """Any permutation of the same items gives the same result (DESIGN section 4: never arrival)."""
    shuffled = list(given_members)
    rnd.shuffle(shuffled)
    assert unique(shuffled, RECIPE) == unique(given_members, RECIPE)


@given(members())
def test_every_item_is_kept_or_dropped_once(given_members):
    """Nothing is lost without a reason."""
    result = unique(given_members, RECIPE)
    rows = [item.row for item in result.kept] + [drop.item.row for drop in result.dropped]
    assert sorted(rows) == sorted(item.row for item, _ in given_members)


@given(members())
def test_a_dropped_item_has_a_kept_equal_with_all_its_purposes(given_members):
    """Only for a near-duplicate that is kept in the same cohort and allows at least the same."""
    texts = {item.row: text for item, text in given_members}
    result = unique(given_members, RECIPE)
    kept = {item.row: item for item in result.kept}
    for drop in result.dropped:
        other = kept[drop.of]
        similarity = _jaccard(texts[drop.item.row], texts[other.row])
        assert other.cohort == drop.item.cohort is not None
        assert set(drop.item.purposes) <= set(other.purposes)
        assert similarity >= THRESHOLD
        assert abs(Fraction(drop.jaccard) - similarity) <= Fraction(1, 10_000)


@given(members(), st.data())
def test_losing_an_item_changes_its_own_cohort_only(given_members, data):
    """Every other cohort, and the federated items, come out as before."""
    gone = data.draw(st.sampled_from(given_members))
    before = unique(given_members, RECIPE)
    after = unique([member for member in given_members if member is not gone], RECIPE)
    for cohort in {item.cohort for item, _ in given_members} - {gone[0].cohort}:
        assert _kept(before, cohort) == _kept(after, cohort)


@given(members())
def test_a_dropped_item_leaves_no_trace(given_members):
    """Without the items that were dropped, a cohort comes out the same."""
    before = unique(given_members, RECIPE)
    gone = {drop.item.row for drop in before.dropped}
    assert unique([m for m in given_members if m[0].row not in gone], RECIPE).kept == before.kept


@given(members(), st.sampled_from(["rough", "excellent", "never-heard-of"]))
def test_quality_never_decides_about_different_texts(given_members, quality):
    """Declared quality changes no text's membership (DESIGN invariant 6)."""

    def kept_texts(pairs):
        texts = {item.row: text for item, text in pairs}
        return sorted((item.cohort, texts[item.row]) for item in unique(pairs, RECIPE).kept)

    # Alike in every other attribute that ties are broken by.
    plain = [
        (make_item(text, number=number, cohort=item.cohort or 0), text)
        for number, (item, text) in enumerate(given_members)
    ]
    declared = [
        (make_item(text, number=number, cohort=item.cohort or 0, quality=quality), text)
        for number, (item, text) in enumerate(given_members)
    ]
    assert kept_texts(plain) == kept_texts(declared)


@given(members())
def test_a_federated_item_is_kept_and_changes_nothing(given_members):
    """Its text is not even looked at, and the others come out as if it were not there."""
    local = [member for member in given_members if member[0].cohort is not None]
    home = make_item(some_text(0), number=999, tier="federated", purposes=("train",))
    with_it = unique([*local, (home, Unreadable(some_text(0)))], RECIPE)
    without = unique(local, RECIPE)
    assert home in with_it.kept
    assert [item for item in with_it.kept if item != home] == without.kept
    assert with_it.dropped == without.dropped


def test_fewer_purposes_never_push_out_more():
    """A text given for training only does not replace one that may also be published, whichever is first."""
    narrow = make_item("a text of its own", number=1, purposes=("train",))
    wide = make_item("a text of its own", number=2, purposes=("publish-text", "train"))
    result = unique([(narrow, "a text of its own"), (wide, "a text of its own")], RECIPE)
    assert wide in result.kept
    assert all(drop.of == wide.row for drop in result.dropped)


def test_a_sketch_depends_on_its_own_text_alone():
    """One by one or all at once: the same bytes, so a third text never decides whether two meet."""
    texts = [some_text(number, words=number + 1) for number in range(60)]
    near = RECIPE.near_duplicates
    at_once = sketches(texts, near, 7)
    assert at_once == [sketches([text], near, 7)[0] for text in texts]
    assert {len(sketch) for sketch in at_once} == {14 * 8 * 4}


def test_against_brute_force_and_datasketch():
    """No false drop; every pair from 0.9 is found; recall near the threshold is like datasketch's."""
    rnd = random.Random(5)
    texts = [some_text(number, words=120) for number in range(90)]
    texts += [_edited(rnd.choice(texts), rnd) for _ in range(90)]
    pairs = {(i, j): _jaccard(texts[i], texts[j]) for i in range(len(texts)) for j in range(i) if texts[i] != texts[j]}
    near = {pair for pair, similarity in pairs.items() if similarity >= THRESHOLD}
    ours = {pair for pair in _our_candidates(texts) if pair in near}
    theirs = {pair for pair in _datasketch_candidates(texts) if pair in near}
    assert {pair for pair in near if pairs[pair] >= Fraction(9, 10)} <= ours
    assert len(near) > 50
    assert len(ours) >= 0.9 * len(theirs)


@settings(max_examples=20)
@given(members(max_size=8))
def test_with_a_generous_sketch_greedy_is_exact(given_members):
    """With single-row buckets nearly every similar pair meets, and the result is that of brute force."""
    recipe = recipe_with(near_duplicates={"ngram": 5, "buckets": 64, "hashes": 1, "threshold": "0.72"})
    ordered = sorted(
        given_members,
        key=lambda m: (
            m[0].order,
            m[0].tier,
            m[0].purposes,
            m[0].language,
            m[0].domain,
            m[0].quality,
            m[0].contributor,
            m[0].row,
        ),
    )
    kept = []
    for item, text in ordered:
        if item.cohort is None or not any(
            other.cohort == item.cohort
            and set(item.purposes) <= set(other.purposes)
            and _jaccard(text, other_text) >= THRESHOLD
            for other, other_text in kept
        ):
            kept.append((item, text))
    assert {item.row for item in unique(given_members, recipe).kept} == {item.row for item, _ in kept}


def _edited(text, rnd):
    drawn = text.split()
    for _ in range(rnd.randrange(1, 6)):
        drawn[rnd.randrange(len(drawn))] = f"edit{rnd.randrange(10**6)}"
    return " ".join(drawn)


def _our_candidates(texts):
    near = RECIPE.near_duplicates
    found, buckets = set(), shared_buckets(band_keys(sketches(texts, near, 7), near))
    for index, mine in enumerate(buckets):
        found |= {(index, other) for bucket in mine for other in bucket}
        for bucket in mine:
            bucket.append(index)
    return found


def _datasketch_candidates(texts):
    near, found = RECIPE.near_duplicates, set()
    index = MinHashLSH(num_perm=near.buckets * near.hashes, params=(near.buckets, near.hashes))
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=near.buckets * near.hashes)
        sketch.update_batch([shingle.encode() for shingle in set(shingles(text, near.ngram))])
        found |= {(number, other) for other in index.query(sketch)}
        index.insert(number, sketch)
    return found
