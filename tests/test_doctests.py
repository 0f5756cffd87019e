"""Every example in a docstring of the installed library runs and gives what it says."""

import doctest
import importlib
import pkgutil

import mesoscale
import numpy as np
import pytest

MODULES = sorted(
    ["mesoscale", *(m.name for m in pkgutil.walk_packages(mesoscale.__path__, "mesoscale.") if ".tests" not in m.name)]
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name):
    module = importlib.import_module(name)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    with np.printoptions(legacy="1.25"):  # np.float64(2.0) prints as 2.0: what a reader expects
        failed, _ = doctest.testmod(module, optionflags=flags)
    assert failed == 0
