r"""The gradient coefficient from an interface.

A flat interface between coexisting phases minimises the integral of f + (kappa/2) (d phi/dx)^2, so that with the height
Delta f of the local free energy above the common tangent

.. math:: \frac{\kappa}{2} \left( \frac{d\phi}{dx} \right)^2 = \Delta f(\phi), \qquad
   \sigma = \int_{\phi_1}^{\phi_2} \sqrt{2 \kappa\, \Delta f}\, d\phi    \qquad (1)

Either the tension or the profile gives kappa. A measured profile is wider than (1) where capillary waves blur it, the
more the wider the sample; a measured tension holds all fluctuations, which a bare f does not. Both are the honest
choice only with an f of the same scale.

References
----------
1. Cahn & Hilliard, J. Chem. Phys. 28, 258 (1958), doi:10.1063/1.1744102.
2. Rowlinson & Widom, Molecular Theory of Capillarity (Clarendon Press, 1982), ch. 3.
"""

from __future__ import annotations

import numpy as np
import scipy.integrate
import xarray as xr
from numpy.typing import ArrayLike

from ...fields.free_energies import FreeEnergy
from ...model import ParameterError

__all__ = ["gradient_coefficient_from_interface", "landau_quartic"]


def landau_quartic(binodal: float, curvature: float) -> tuple[float, float]:
    """r and u of f = r phi^2/2 + u phi^4/4 with phases at plus and minus `binodal` and f'' = `curvature` there.

    Parameters
    ----------
    binodal : float
        Composition of the phases, about the symmetric one.
    curvature : float
        f'' in a phase.

    Returns
    -------
    r, u : float
        r = -f''/2 and u = -r / binodal^2.

    Raises
    ------
    ParameterError
        If a number is not positive.

    Examples
    --------
    >>> landau_quartic(0.5, 2.0)
    (-1.0, 4.0)
    """
    for name, value in (("binodal", binodal), ("curvature", curvature)):
        if not value > 0:
            raise ParameterError("landau_quartic", {name: f"must be positive, not {value}"})
    return -0.5 * curvature, 0.5 * curvature / binodal**2


def gradient_coefficient_from_interface(
    free_energy: FreeEnergy,
    *,
    tension: float | None = None,
    tension_error: float = 0.0,
    position: ArrayLike | None = None,
    profile: ArrayLike | None = None,
) -> xr.Dataset:
    """Kappa from the tension, or from the profile, of a flat interface, equation (1).

    Parameters
    ----------
    free_energy : FreeEnergy
        Local free energy, see :mod:`mesoscale.core.fields.free_energies`.
    tension, tension_error : float, optional
        Energy per area of the interface and its standard error.
    position, profile : array_like, optional
        Increasing positions across the interface, and the compositions there.

    Returns
    -------
    xarray.Dataset
        ``gradient_coefficient`` and its error (NaN for a profile).

    Raises
    ------
    ParameterError
        If the mixture does not separate, or not exactly one of tension and profile is given.

    Examples
    --------
    >>> from mesoscale.core.fields.free_energies import quartic
    >>> round(float(gradient_coefficient_from_interface(quartic(), tension=0.942809).gradient_coefficient), 5)
    1.0
    >>> x = np.linspace(-8, 8, 401)
    >>> result = gradient_coefficient_from_interface(quartic(), position=x, profile=np.tanh(x / 2))
    >>> round(float(result.gradient_coefficient), 3)
    2.0
    """
    name = "gradient_coefficient_from_interface"
    phases = free_energy.binodal()
    if phases is None:
        raise ParameterError(name, {"free_energy": "must have two phases; this one is stable everywhere"})
    if (tension is None) == (profile is None) or (profile is None) != (position is None):
        raise ParameterError(name, {"tension": "must be given, or position and profile, but not both"})
    if tension is not None:
        if not tension > 0:
            raise ParameterError(name, {"tension": f"must be positive, not {tension}"})
        value = (tension / free_energy.interfacial_tension(1.0)) ** 2
        error = 2.0 * value * tension_error / tension
    else:
        x, c = np.asarray(position, dtype=float), np.asarray(profile, dtype=float)
        if x.ndim != 1 or x.shape != c.shape or len(x) < 5 or not (np.diff(x) > 0).all():
            raise ParameterError(name, {"profile": "must be as long as position, 5 or more, which must increase"})
        slope = np.gradient(c, x, edge_order=2)
        base, tilt = float(free_energy.value(phases[0])), float(free_energy.derivative(phases[0]))
        height = np.asarray(free_energy.value(c)) - base - tilt * (c - phases[0])
        inside = (c > phases[0]) & (c < phases[1])  # beyond the phases there is only noise
        cost = float(scipy.integrate.trapezoid(np.where(inside, slope**2, 0.0), x))
        if not cost > 0:
            raise ParameterError(name, {"profile": "must cross the interface"})
        value, error = 2.0 * float(scipy.integrate.trapezoid(np.where(inside, height, 0.0), x)) / cost, float("nan")
    return xr.Dataset(
        {
            "gradient_coefficient": ((), value, {"units": "1", "long_name": "kappa in (kappa/2) (grad phi)^2"}),
            "gradient_coefficient_error": ((), error, {"units": "1", "long_name": "standard error of kappa"}),
        },
        attrs={"method": "tension" if tension is not None else "profile"},
    )
