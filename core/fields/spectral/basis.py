"""Grids and their transforms: plane waves in a periodic box, cosines between walls without flux."""

import functools
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ...kernels.threads import available_workers

__all__ = ["Basis", "Boundary"]

Boundary = Literal["periodic", "no_flux"]
Array = NDArray[np.float64]
_WORTH_A_THREAD = 1 << 16  # grid points


@dataclass(frozen=True)
class Basis:
    """A box of 1, 2 or 3 dimensions, cut into equal cells whose centres carry the field.

    Parameters
    ----------
    shape : tuple of int
        Cells along each axis.
    lengths : tuple of float
        Of the box along each axis.
    boundary : {"periodic", "no_flux"}
        Fourier modes, or cosines (DCT-II).

    Examples
    --------
    >>> basis = Basis((8,), (2.0,), "periodic")
    >>> basis.spacing, round(float(basis.k2[1]), 6)  # (2 pi / 2)^2
    ((0.25,), 9.869604)
    """

    shape: tuple[int, ...]
    lengths: tuple[float, ...]
    boundary: Boundary = "periodic"

    def __post_init__(self) -> None:
        if not 1 <= len(self.shape) <= 3 or len(self.lengths) != len(self.shape):
            raise ValueError(f"Basis: shape {self.shape} and lengths {self.lengths} must have 1, 2 or 3 entries each")
        if min(self.shape) < 2 or not all(0 < length < math.inf for length in self.lengths):
            raise ValueError(f"Basis: at least 2 cells and a positive length a side, not {self.shape}, {self.lengths}")
        if self.boundary not in ("periodic", "no_flux"):
            raise ValueError(f"boundary = {self.boundary!r}: must be 'periodic' or 'no_flux'")

    @property
    def spacing(self) -> tuple[float, ...]:
        """Edges of a cell."""
        return tuple(length / n for length, n in zip(self.lengths, self.shape, strict=True))

    @property
    def volume(self) -> float:
        """Of the box."""
        return math.prod(self.lengths)

    @property
    def size(self) -> int:
        """Number of cells."""
        return math.prod(self.shape)

    @functools.cached_property
    def wavenumbers(self) -> tuple[Array, ...]:
        """Component of the wave vector of every mode along each axis, ready to broadcast."""
        found: list[Array] = []
        for axis, (n, length) in enumerate(zip(self.shape, self.lengths, strict=True)):
            if self.boundary == "no_flux":
                k = np.pi * np.arange(n) / length
            elif axis == len(self.shape) - 1:
                k = 2.0 * np.pi * np.arange(n // 2 + 1) / length
            else:
                k = 2.0 * np.pi * scipy.fft.fftfreq(n, length / n)
            found.append(np.asarray(k, dtype=float).reshape([-1 if i == axis else 1 for i in range(len(self.shape))]))
        return tuple(found)

    @functools.cached_property
    def k2(self) -> Array:
        """Square of the wave vector of every mode."""
        total = self.wavenumbers[0] ** 2
        for k in self.wavenumbers[1:]:
            total = total + k**2
        total.setflags(write=False)
        return total

    @functools.cached_property
    def weights(self) -> Array:
        """How often a stored mode counts in sums over all modes: Parseval's weights."""
        weights = np.ones(self.k2.shape)
        if self.boundary == "periodic":
            n = self.shape[-1]
            weights[..., 1 : (n + 1) // 2] = 2.0
        else:
            for axis in range(len(self.shape)):
                np.moveaxis(weights, axis, 0)[1:] *= 2.0
        weights.setflags(write=False)
        return weights

    @property
    def _workers(self) -> int:
        return available_workers() if self.size >= _WORTH_A_THREAD else 1

    def forward(self, field: Array, *, overwrite: bool = False) -> NDArray[Any]:
        """Amplitudes of the modes; the first is the mean. `overwrite` lets `field` be used as scratch."""
        workers = self._workers
        if self.boundary == "periodic":
            return scipy.fft.rfftn(field, norm="forward", overwrite_x=overwrite, workers=workers)
        return scipy.fft.dctn(field, 2, norm="forward", overwrite_x=overwrite, workers=workers)

    def backward(self, modes: NDArray[Any], *, overwrite: bool = False) -> Array:
        """The field of given amplitudes."""
        workers = self._workers
        if self.boundary == "periodic":
            return scipy.fft.irfftn(modes, self.shape, norm="forward", overwrite_x=overwrite, workers=workers)
        return scipy.fft.idctn(modes, 2, norm="forward", overwrite_x=overwrite, workers=workers)

    def derivative(self, modes: NDArray[Any], axis: int) -> Array:
        """Along an axis, on the grid, of the field of given amplitudes; the mode of the highest frequency has none."""
        slopes = self.slopes(axis)
        if self.boundary == "periodic":
            return self.backward(1j * slopes * modes, overwrite=True)
        sines = np.roll(-slopes * modes, -1, axis)  # cosine n becomes sine n, which is stored one place earlier
        field = scipy.fft.idst(sines, 2, axis=axis, norm="forward", overwrite_x=True, workers=self._workers)
        return self._along_others(scipy.fft.idctn, field, axis)

    def divergence(self, flux: Array, axis: int) -> NDArray[Any]:
        """Amplitudes of the derivative along an axis of a flux that vanishes at walls, if there are any; uses it up."""
        slopes = self.slopes(axis)
        if self.boundary == "periodic":
            return 1j * slopes * self.forward(flux, overwrite=True)
        sines = scipy.fft.dst(flux, 2, axis=axis, norm="forward", overwrite_x=True, workers=self._workers)
        return slopes * np.roll(self._along_others(scipy.fft.dctn, sines, axis), 1, axis)

    def slopes(self, axis: int) -> Array:
        """Wavenumbers along an axis without the highest of an even grid: what it has no sign for has no derivative."""
        k, n = self.wavenumbers[axis], self.shape[axis]
        if self.boundary == "no_flux" or n % 2:
            return k
        return np.where(np.abs(k) < np.pi / self.spacing[axis] * (1.0 - 1e-9), k, 0.0)

    def _along_others(self, transform: Any, values: Array, axis: int) -> Array:
        others = [i for i in range(len(self.shape)) if i != axis]
        if not others:
            return values
        return transform(values, 2, axes=others, norm="forward", overwrite_x=True, workers=self._workers)
