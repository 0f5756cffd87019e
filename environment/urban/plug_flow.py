r"""Flux perturbations in plug flow: closed forms for a wind that does not change with height.

With a constant wind *U* over a surface whose flux varies as *exp(2 pi i x / L_c)* and turbulence *K = kappa u_\* z*,
one mode of the flux fades and lags as

.. math:: \frac{F(z)}{F(0)} = s K_1(s), \quad s = 2 \sqrt{i \chi}, \quad
          \chi = \frac{2 \pi U z}{\kappa u_* L_c}                                                            \tag{1}

(*K_1* is the modified Bessel function), and downwind of an edge the new flux takes over as

.. math:: \frac{F(x, z)}{F_0} = \exp\left(-\frac{U z}{\kappa u_* x}\right)                                    \tag{2}

Validity: a qualitative picture of the surface layer, exact tests for numerical work; for numbers use
:mod:`.flux_decay`.

References
----------
1. Gash, Boundary-Layer Meteorol. 35, 409 (1986), doi:10.1007/BF00118567.
2. Schuepp et al., Boundary-Layer Meteorol. 50, 355 (1990), doi:10.1007/BF00120530.
"""

from typing import Any

import numpy as np
import scipy.special

from ...core.quantities import Dimensionless, Length, Velocity, law
from .elementwise import only_positive

__all__ = ["footprint_flux_ratio", "plug_flow_flux_amplitude", "plug_flow_flux_phase"]


@law
def plug_flow_flux_amplitude(chi: Dimensionless) -> Dimensionless:
    """Amplitude of a flux perturbation in plug flow relative to the surface, equation (1).

    Parameters
    ----------
    chi : float
        2 pi U z / (kappa u* L_c) [1].

    Returns
    -------
    float
        Amplitude [1].

    Examples
    --------
    >>> round(plug_flow_flux_amplitude(1.0), 6)
    0.488587
    """
    return np.abs(_respond_in_plug_flow(chi))


@law
def plug_flow_flux_phase(chi: Dimensionless) -> Dimensionless:
    """Phase of a flux perturbation in plug flow relative to the surface, equation (1); negative: it lies downwind.

    Parameters
    ----------
    chi : float
        2 pi U z / (kappa u* L_c) [1].

    Returns
    -------
    float
        Phase between -pi and pi [rad].

    Examples
    --------
    >>> round(plug_flow_flux_phase(1.0), 6)
    -1.119242
    """
    return np.angle(_respond_in_plug_flow(chi))


@law
def footprint_flux_ratio(
    fetch: Length, height: Length, wind_speed: Velocity, friction_velocity: Velocity, von_karman: Dimensionless = 0.4
) -> Dimensionless:
    """Share of the new surface flux that is seen at a height, a fetch downwind of its edge, in plug flow.

    Parameters
    ----------
    fetch, height : float
        Distance from the edge and height above the displacement plane [m].
    wind_speed, friction_velocity : float
        Of the flow [m s-1].
    von_karman : float
        Von Karman's constant [1].

    Returns
    -------
    float
        From 0 to 1 [1].

    References
    ----------
    Gash (1986); Schuepp et al. (1990).

    Examples
    --------
    >>> round(footprint_flux_ratio(1000.0, 13.862944, 6.0, 0.3), 6)
    0.5
    """
    return np.exp(-wind_speed * height / (von_karman * friction_velocity * only_positive(fetch)))


def _respond_in_plug_flow(chi: Any) -> Any:
    """Equation (1). At chi = 0 the flux is that of the surface."""
    s = 2.0 * np.sqrt(1j * only_positive(chi))
    return np.where(np.asarray(chi) == 0, 1.0, s * scipy.special.kv(1, s))[()]
