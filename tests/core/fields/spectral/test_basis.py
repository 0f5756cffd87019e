"""Transforms and wave vectors of periodic and closed boxes."""

import math

import numpy as np
import pytest
from mesoscale.core.fields.spectral import Basis

BOXES = [
    Basis(shape, lengths, boundary)
    for boundary in ("periodic", "no_flux")
    for shape, lengths in (((16,), (3.0,)), ((9, 16), (2.0, 3.0)), ((6, 5, 8), (2.0, 1.0, 3.0)))
]


def noise(basis, amplitude=0.1):
    return amplitude * np.random.default_rng(0).standard_normal(basis.shape)


@pytest.mark.parametrize("basis", BOXES, ids=str)
def test_transforms_are_inverse_and_keep_parseval(basis):
    field = noise(basis)
    modes = basis.forward(field)
    np.testing.assert_allclose(basis.backward(modes), field, atol=1e-15)
    assert modes.reshape(-1)[0].real == pytest.approx(field.mean(), abs=1e-15)
    assert (basis.weights * np.abs(modes) ** 2).sum() == pytest.approx((field**2).mean(), rel=1e-12)


def test_wave_vectors_belong_to_waves():
    for basis in BOXES[1::3]:
        x, y = ((np.arange(n) + 0.5) * h for n, h in zip(basis.shape, basis.spacing, strict=True))
        a, b = (2 * math.pi / 2.0, 4 * math.pi / 3.0)
        wave = np.cos(a * x)[:, None] * np.cos(b * y)[None, :]
        lap = basis.backward(-basis.k2 * basis.forward(wave))
        np.testing.assert_allclose(lap, -(a * a + b * b) * wave, atol=1e-11)


def test_a_basis_says_what_it_cannot_be():
    for arguments in (((8,), (1.0, 2.0)), ((1,), (1.0,)), ((8,), (0.0,)), ((8,), (1.0,), "open")):
        with pytest.raises(ValueError, match=r"Basis|boundary"):
            Basis(*arguments)
