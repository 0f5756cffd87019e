"""Measured virial pressures of one species at kT = 1, and their standard errors: rows of density, columns of repulsion.

How they were measured stands in :mod:`mesoscale.core.particles.dissipative.equation_of_state`.
"""

__all__ = ["DENSITIES", "REPULSIONS", "VIRIAL_ERRORS", "VIRIAL_PRESSURES"]

DENSITIES = (2.0, 3.0, 4.0, 5.0, 8.0)
REPULSIONS = (5.0, 15.0, 25.0, 50.0, 100.0)
# fmt: off
VIRIAL_PRESSURES = (
    (1.8074, 5.0724, 8.2841, 16.4187, 33.1509),
    (4.2186, 12.3636, 20.6533, 41.9549, 86.0770),
    (7.6739, 22.8715, 38.3158, 77.5288, 156.9887),
    (12.1892, 36.5650, 61.2600, 123.6291, 249.4409),
    (32.0570, 96.6415, 161.6814, 324.8399, 651.4169),
)
VIRIAL_ERRORS = (
    (0.0006, 0.0011, 0.0013, 0.0022, 0.0034),
    (0.0009, 0.0018, 0.0022, 0.0044, 0.0108),
    (0.0011, 0.0023, 0.0029, 0.0057, 0.0115),
    (0.0017, 0.0025, 0.0040, 0.0074, 0.0183),
    (0.0025, 0.0043, 0.0059, 0.0115, 0.0214),
)
# fmt: on
