"""The streams of samples: apart, independent, of the right distributions."""

import numpy as np
import pytest
from scipy import stats

from regkit_albumentations.generators import Generators
from tests.small import A, flipped, images, transformed

pytestmark = pytest.mark.backend_free

LEAST = 1e-4  # the smallest p-value that passes; seeds are fixed, so each test passes or never does
COUNT = 4000


def drawn(draw, *, seed=1, epoch=0, count=COUNT):
    """Return the first draw of each of many samples: what one stream hands to the next shows."""
    generators = Generators()
    begin = generators.streams(seed, epoch, range(count))
    found = []
    for number in range(count):
        begin(number)
        found.append(draw(generators))
    return np.array(found)


DRAWS = {
    "NumPy's uniform": (lambda g: g.numpy.random(), stats.uniform.cdf),
    "NumPy's normal": (lambda g: g.numpy.standard_normal(), stats.norm.cdf),
    "Python's random": (lambda g: g.python.random(), stats.uniform.cdf),
    "Python's uniform": (lambda g: g.python.uniform(-1, 3), stats.uniform(-1, 4).cdf),
    "Python's gauss": (lambda g: g.python.gauss(0, 1), stats.norm.cdf),
    "Python's normalvariate": (lambda g: g.python.normalvariate(0, 1), stats.norm.cdf),
    "Python's betavariate": (lambda g: g.python.betavariate(2, 3), stats.beta(2, 3).cdf),
}
WHOLE = {
    "NumPy's integers": (lambda g: g.numpy.integers(0, 6), 6),
    "NumPy's choice": (lambda g: g.numpy.choice(5), 5),
    "Python's randint": (lambda g: g.python.randint(0, 5), 6),
    "Python's getrandbits": (lambda g: g.python.getrandbits(3), 8),
    "Python's choice": (lambda g: g.python.choice(range(7)), 7),
    "Python's shuffle": (lambda g: shuffled(g)[0], 5),
    "Python's sample": (lambda g: g.python.sample(range(9), 2)[1], 9),
}


def shuffled(generators):
    cards = list(range(5))
    generators.python.shuffle(cards)
    return cards


@pytest.mark.parametrize("name", DRAWS)
def test_real_numbers_have_their_distribution(name):
    draw, cdf = DRAWS[name]
    assert stats.kstest(drawn(draw), cdf).pvalue > LEAST


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_equally_likely(name):
    draw, count = WHOLE[name]
    assert stats.chisquare(np.bincount(drawn(draw), minlength=count)).pvalue > LEAST


def test_all_bits_are_random():
    found = drawn(lambda g: g.python.getrandbits(75))
    ones = np.array([[int(one) >> k & 1 for k in range(75)] for one in found]).sum(0)
    error = np.sqrt(COUNT / 4)
    assert (abs(ones - COUNT / 2) < 4.5 * error).all()


@pytest.mark.parametrize("name", ["NumPy's normal", "Python's gauss", "Python's uniform"])
def test_neighbors_are_uncorrelated(name):
    """Samples, epochs and seeds: correlations are normal with a deviation of 1/√n."""
    draw = DRAWS[name][0]
    here = drawn(draw)
    others = [drawn(draw, epoch=1), drawn(draw, seed=2), np.roll(here, 1)]
    for other in others:
        assert abs(np.corrcoef(here, other)[0, 1]) < 4 / np.sqrt(COUNT)


def test_a_sample_draws_alike_among_many_and_alone():
    """The first numbers of many are made at once, those of a few and all later ones one by one."""
    many, alone = Generators(), Generators()
    begin = many.streams(2**63 + 1, 2**40, range(5, 25))
    for place in range(20):
        draw, other = begin(place), alone.streams(2**63 + 1, 2**40, [5 + place])(0)
        assert [draw() for _ in range(11)] == [other() for _ in range(11)]


def test_no_two_streams_meet():
    """Of 48 streams of 2,000 numbers of 53 bits none is in two; by chance it were 5·10⁻⁷."""
    generators, found = Generators(), []
    for seed in (0, 1, 2**32, 2**63):
        for epoch in (0, 1, 2**20):
            begin = generators.streams(seed, epoch, (0, 1, 2**32, 2**63 - 1))
            for place in range(4):
                begin(place)
                found.append(generators.numpy.random(2000))
    assert len(np.unique(np.concatenate(found))) == 48 * 2000


def test_a_stream_does_not_depend_on_what_was_drawn_before():
    def numbers(generators):
        both = generators.numpy, generators.python
        whole = [both[0].integers(2**16, dtype="uint16"), both[1].getrandbits(7)]
        return [*whole, both[1].gauss(0, 1), both[0].random(), both[1].random()]

    fresh, used = Generators(), Generators()
    used.streams(9, 4, [3])(0)
    used.python.gauss(0, 1)  # keeps the other one of a pair
    used.numpy.integers(2**16, dtype="uint16")  # keeps half a word
    used.numpy.random(5)  # keeps three of four
    for generators in (fresh, used):
        generators.streams(1, 2, [3])(0)
    assert numbers(fresh) == numbers(used)


def test_pythons_and_numpys_numbers_are_parts_of_one_stream():
    """Were they two streams of one seed, a transform would draw a place by one, alike by the other."""
    generators = Generators()
    generators.streams(1, 0, [0])(0)
    assert generators.python.random() != generators.numpy.random()


def both_ways(transform, count=COUNT):
    x = images(1, side=2, channels=1)
    samples = transformed(transform, [{"image": x[0]}] * count)
    found = np.stack([one["image"] for one in samples]).reshape(count, 2, 2, 1)
    inverted = found.sum((1, 2, 3)) == (255 - x).sum()
    found = np.where(inverted[:, None, None, None], 255 - found, found)
    return flipped(found, np.repeat(x, count, 0)), inverted


def test_the_transforms_of_a_compose_draw_for_themselves():
    """A flip and an inversion, each at p = 0.5: as many of each of the four as of any other."""
    flips, inverted = both_ways(A.Compose([A.HorizontalFlip(p=0.5), A.InvertImg(p=0.5)]))
    table = np.bincount(2 * flips + inverted, minlength=4)
    assert stats.chisquare(table).pvalue > LEAST


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_compose_that_is_called_step_by_step_draws_as_if_called(share):
    """The shortcut for images and masks, beside Albumentations' own way on the same streams."""
    steps = [A.HorizontalFlip(p=0.5), A.OneOf([A.InvertImg(), A.D4()]), A.GaussNoise(p=0.5)]
    whole, generators = A.Compose(steps, p=share), Generators()
    x = images(40)
    found = transformed(whole, [{"image": one} for one in x])
    whole.set_random_state(generators.numpy, generators.python)
    begin = generators.streams(1, 0, range(40))
    for number, one in enumerate(x):
        begin(number)
        np.testing.assert_array_equal(found[number]["image"], whole(image=one)["image"])


def test_seeded_by_albumentations_they_coincide():
    """What this plugin is for; where it fails, Albumentations has changed."""
    transform = A.Compose([A.HorizontalFlip(p=0.5), A.InvertImg(p=0.5)], seed=1)
    x = images(1, side=2, channels=1)[0]
    found = [transform(image=x)["image"].reshape(2, 2, 1) for _ in range(200)]
    untouched = sum((one == x).all() for one in found)
    both = sum((one == 255 - x[:, ::-1]).all() for one in found)
    assert untouched + both == 200
