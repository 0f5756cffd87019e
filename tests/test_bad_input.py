"""Bad input, tried at random over all parameters of all models: one clear error, or a correct and finite result.

Never a hang (every test has a time limit), never a warning (they are errors), never a number from nonsense.
"""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mesoscale.atlas import catalogue
from mesoscale.core.model import ParameterError, Record, ResultError
from mesoscale.core.quantities import Unit

MODELS = [s.model for e in catalogue.read_entries() if (s := catalogue.load(e)).model]

NONSENSE = st.one_of(
    st.sampled_from(
        [
            *(None, True, False, float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 5e-324, 0, -1, -0.0, 10**30),
            *("", "nm", "1,5 nm", "9**9**9 m", "1 parsec", "-1 m", "nan", "inf K", "1e999 m", "1 kg m s-2 A", "0x1"),
            *([], (), {}, [1.0], {"value": 1}, 1j, b"1 m", object(), np.array([1.0, 2.0]), np.array(np.nan), math),
        ]
    ),
    st.floats(),
    st.integers(),
    st.text(max_size=20),
)


def paths_of(model):
    """Dotted paths of all parameters, also inside the records of the default."""

    def walk(record, prefix):
        for name in type(record).model_fields:
            value = getattr(record, name)
            yield prefix + name
            entries = enumerate(value) if isinstance(value, tuple) else ()
            for index, entry in entries:
                if isinstance(entry, Record):
                    yield from walk(entry, f"{prefix}{name}.{index}.")

    return list(walk(model(), ""))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(data=st.data())
@settings(
    max_examples=150,
    deadline=None,  # a hang is caught by the time limit of every test
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_one_parameter_of_nonsense(model, data):
    path = data.draw(st.sampled_from(paths_of(model)))
    value = data.draw(NONSENSE)
    base = model().replace(**model.quick)
    try:
        changed = base.replace(**{path: value})
    except ParameterError as error:
        assert "\n" not in str(error)
        assert error.problems
        assert str(error).startswith(f"{model.__name__}(") or "." in path
        return
    check_run(changed)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(data=st.data())
@settings(
    max_examples=40,
    deadline=None,  # a hang is caught by the time limit of every test
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_any_corner_of_what_is_allowed(model, data):
    """Every number at an extreme of its bounds or anywhere between, all at once."""
    changes = {}
    base = model().replace(**model.quick)
    for path in paths_of(model):
        record, name = owner(model(), path)
        metadata = type(record).model_fields[name].metadata
        extremes = {k: getattr(m, k) for m in metadata for k in ("gt", "ge", "lt", "le") if hasattr(m, k)}
        low, high = extremes.get("ge", extremes.get("gt")), extremes.get("le", extremes.get("lt"))
        if low is None or high is None or path in model.quick:
            continue
        whole = isinstance(getattr(record, name), int)
        between = st.integers(int(low), int(high)) if whole else st.floats(low, high)
        changes[path] = data.draw(st.one_of(st.sampled_from([low, high]), between))
    chosen = data.draw(st.sets(st.sampled_from(sorted(changes)), max_size=4))
    try:
        changed = base.replace(**{path: changes[path] for path in chosen})
    except ParameterError as error:
        assert "\n" not in str(error)
        return
    check_run(changed)


def owner(record, path):
    *inner, name = path.split(".")
    for part in inner:
        record = record[int(part)] if isinstance(record, tuple) else getattr(record, part)
    return record, name


def check_run(model):
    try:
        ds = model.run()
    except ResultError as error:
        assert "\n" not in str(error)
        return
    for name, variable in ds.data_vars.items():
        if variable.dtype.kind == "f" and not name.endswith("_error") and f"{name}_exists" not in ds:
            assert np.isfinite(variable.values).all(), name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_an_unknown_name_is_met_with_a_suggestion(model):
    first = next(iter(model.model_fields))
    with pytest.raises(ParameterError, match=f"did you mean {first}"):
        model(**{first + "s": 1.0})


def test_units_are_not_a_way_to_hang():
    for text in ("5 " + "(" * 30 + "m" + ")" * 30, "5 m**99**99", "5 m" + " m" * 38, "5 " + "km99 " * 15):
        try:
            Unit("m").to_magnitude(text)
        except ValueError:
            continue
