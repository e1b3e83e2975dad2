"""One way of choosing for both kinds of generator: hypothesis (the first option is the simplest) and a seed.

Generators take a `Choices` and know nothing of either.
"""

from hypothesis import strategies as st


class Choices:
    """What a generator may ask."""

    def whole(self, low, high):
        """A whole number, both ends included; shrinks to `low`."""
        raise NotImplementedError

    def many(self, make, low, high):
        """A list of what `make(choices)` gives, so that single elements can be left out."""
        raise NotImplementedError

    def pick(self, options):
        """One of a list; shrinks to the first."""
        return options[self.whole(0, len(options) - 1)]

    def maybe(self, percent):
        """True so often; shrinks to False."""
        return self.whole(0, 99) >= 100 - percent

    def some(self, options, low, high):
        return self.many(lambda choices: choices.pick(options), low, high)


class Drawn(Choices):
    """By hypothesis."""

    def __init__(self, draw):
        self._draw = draw

    def whole(self, low, high):
        return self._draw(st.integers(low, high))

    def many(self, make, low, high):
        return self._draw(st.lists(drawn(make), min_size=low, max_size=high))


class Rolled(Choices):
    """By a `random.Random`."""

    def __init__(self, random):
        self._random = random

    def whole(self, low, high):
        return self._random.randint(low, high)

    def many(self, make, low, high):
        return [make(self) for _ in range(self.whole(low, high))]


def drawn(make):
    """The hypothesis strategy of what `make(choices)` gives."""

    @st.composite
    def strategy(draw):
        return make(Drawn(draw))

    return strategy()
