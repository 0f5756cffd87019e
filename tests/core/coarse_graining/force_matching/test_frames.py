"""What does not fit together is refused before anything is computed."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.force_matching import FunctionBasis, SplineBasis, match_forces
from mesoscale.core.model import ParameterError

SPLINE = SplineBasis(2.0, 0.1)


POSITIONS, FORCES = np.zeros((1, 3, 3)) + np.arange(3)[:, None], np.zeros((1, 3, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pairs": {}}, "pairs must hold a term"),
        ({"positions": np.zeros((3, 2))}, "positions must be of shape"),
        ({"positions": np.full((1, 3, 3), np.nan)}, "positions must be finite"),
        ({"forces": np.zeros((1, 2, 3))}, "forces must be finite and as many as the positions"),
        ({"box": [3.0, 9.0, 9.0]}, "within half the distance of the box's faces, 1.5"),
        ({"box": [9.0, 9.0]}, "box must be 3 edges or 3 lattice vectors"),
        ({"box": [9.0, 9.0, 0.0]}, "box must have a finite, positive volume"),
        ({"types": [-1, 0, 0]}, "types must be integers of at least 0"),
        ({"pairs": {(0, 0): SPLINE, (0, 1): SPLINE, (1, 0): SPLINE}}, r"types \(1, 0\) once"),
        ({"bonds": [([[0, 3]], SPLINE)]}, r"bonds\[0\] must name particles from 0 to 2"),
        ({"bonds": [([[0, 1, 2]], SPLINE)]}, r"bonds\[0\] must be of shape \(n, 2\)"),
        ({"exclude": [[0, 5]]}, "exclude must name particles from 0 to 2"),
        ({"pairs": {(0, 0): SplineBasis(2.0, 0.1, 1.9)}}, r"pair_0_0 must cover all samples: there is one at 1\.732"),
        ({"bonds": [([[0, 2]], SPLINE)]}, "bond_0 must cover all samples"),
        ({"bonds": [([[0, 1]], SPLINE)], "box": [2.9, 9, 9], "pairs": {}}, "bond_0 must stay shorter than half"),
        ({"angles": [([[0, 1, 2]], SPLINE)], "box": [2.9, 9, 9], "pairs": {}}, "angle_0 must stay shorter than half"),
        ({"pairs": {(0, 0): SplineBasis(1.0, 0.1)}}, "must have samples within the terms' ranges"),
        ({"pairs": {(0, 0): FunctionBasis((lambda r: 1.0,), 3.0)}}, "must return one number a distance"),
        ({"pairs": {(0, 0): FunctionBasis((lambda r: r * np.nan,), 3.0)}}, "must be finite where there are samples"),
        ({"blocks": 1}, "blocks must be a whole number of at least 2"),
        ({"regularization": -1.0}, "regularization must be from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(arguments, message):
    given = {"positions": POSITIONS, "forces": FORCES, "box": [9.0] * 3, "pairs": {(0, 0): SPLINE}, **arguments}
    with pytest.raises(ParameterError, match=message):
        match_forces(given.pop("positions"), given.pop("forces"), given.pop("box"), **given)
