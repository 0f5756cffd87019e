"""The average of a Monod rate over many distributions: closure, beside scipy's adaptive quadrature one by one."""

import numpy as np
from mesoscale.core.homogenization.moment_closure import Distribution, mean_of
from scipy import stats
from side_by_side import best, line, present


def monod(concentration):
    return concentration / (1 + concentration)


def rows(quick):
    n, few = (10_000, 20) if quick else (1_000_000, 200)
    means = np.random.default_rng(0).uniform(0.5, 2.0, n)
    inputs = Distribution("gamma", means, 0.3 * means)
    closure = mean_of(monod, inputs)
    by_hand = monod(means) - (0.3 * means) ** 2 / (1 + means) ** 3
    right = np.allclose(closure.value, by_hand, rtol=1e-10) and closure.valid.all()
    yield line("closure over distributions", n, best(lambda: mean_of(monod, inputs), 3), None, None, "s", right)
    some = Distribution("gamma", means[:few], 0.3 * means[:few])

    def one_by_one():
        return [stats.gamma(1 / 0.09, scale=0.09 * m).expect(monod) for m in means[:few]]

    exact = mean_of(monod, some, method="quadrature").value
    right = np.allclose(exact, one_by_one(), rtol=1e-7)
    ours = best(lambda: mean_of(monod, some, method="quadrature"), 3)
    yield line("quadrature over distributions", few, ours, best(one_by_one, 1), "scipy.stats expect", "s", right)


if __name__ == "__main__":
    present(__doc__, rows)
