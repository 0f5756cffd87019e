"""One file that guards all models, and every law.

Nothing here knows a model by name: what stands in the ``__all__`` of a public module is held to the contract.

Five planted mutations that this file must catch; each was tried on the installed library, with the test that failed:

1. a wrong power in a law (``flexural_rigidity`` returning bending_stiffness * segment_length**2): the numbers stay
   plausible, only `test_a_law_is_dimensionally_consistent` notices in this file;
2. random streams that depend on the number of threads (`Streams` counting threads into its first trajectory):
   `test_the_same_seed_gives_the_same_bits_on_one_and_two_threads`;
3. a parameter without an upper bound (``le`` dropped from FiberChain.segments):
   `test_a_parameter_says_what_it_is_and_where_it_ends`;
4. a result that is written in nanometres but declared as a length (``Unit("nm")`` for one name):
   `test_one_name_has_one_unit`;
5. a governing ratio that turns round inside the control's interval (UrbanSurface.governing_ratio through sin):
   `test_the_governing_ratio_is_monotone_in_its_control`.
"""

import ast
import doctest
import importlib
import inspect
import math
import re
import typing
import warnings

import numpy as np
import pint
import pytest
import scipy.constants
import xarray as xr
from mesoscale.atlas import catalogue
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import Data, ParameterError, Record, interval
from mesoscale.core.quantities import Unit, unit_of
from mesoscale.core.recipe import differences, replay

SUBJECTS = [catalogue.load(entry) for entry in catalogue.read_entries()]
REGISTRY = pint.UnitRegistry()
MODELS = [subject.model for subject in SUBJECTS if subject.model]
PRESETS = {name: model for subject in SUBJECTS for name, model in subject.presets.items()}


def each(models):
    return pytest.mark.parametrize("model", models, ids=lambda model: model.__name__)


def small(model):
    return model().replace(**model.quick)


def records_of(model):
    """The model and every record nested in its fields."""
    found = [model]
    for record in found:
        for field in record.model_fields.values():
            found += [r for r in nested_in(field.annotation) if r not in found]
    return found


def nested_in(annotation):
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return [annotation]
    return [r for part in typing.get_args(annotation) for r in nested_in(part)]


def numeric_fields(record):
    for name, field in record.model_fields.items():
        annotation = typing.Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        kinds = {kind for kind in (bool, int, float) if kind in flatten(annotation)}
        if kinds & {int, float}:
            yield name, field, unit_of(annotation)


def flatten(annotation):
    parts = typing.get_args(annotation)
    return {annotation} | {x for part in parts for x in flatten(part)} if parts else {annotation}


def bounds(field):
    return {k: getattr(m, k) for m in field.metadata for k in ("gt", "ge", "lt", "le") if hasattr(m, k)}


# --------------------------------------------------------------------------------------------------- parameters


@each(MODELS)
def test_a_parameter_says_what_it_is_and_where_it_ends(model):
    for record in records_of(model):
        for name, field in record.model_fields.items():
            where = f"{record.__name__}.{name}"
            extra = field.json_schema_extra
            assert field.description, where
            assert isinstance(extra, dict), where
            assert extra.get("source"), where
            assert name not in ("copy", "schema", "json", "run"), where
        for name, field, unit in numeric_fields(record):
            where = f"{record.__name__}.{name}"
            assert unit is not None, where
            limits = bounds(field)
            assert limits.keys() & {"gt", "ge"}, f"{where} has no lower bound"
            assert limits.keys() & {"lt", "le"}, f"{where} has no upper bound"


@each(MODELS)
def test_defaults_are_accepted_when_given_and_lie_inside_their_interval(model):
    assert model(**{name: getattr(model(), name) for name in model.model_fields}) == model()
    for record in records_of(model):
        for name, field, _ in numeric_fields(record):
            if isinstance(field.default, int | float) and (field.default != 0 or "span" in field.json_schema_extra):
                low, high = interval(record, name)
                assert low < high, name
                assert low <= field.default <= high, name


@each(MODELS)
def test_one_step_beyond_a_bound_is_one_clear_error(model):
    for name, field, unit in numeric_fields(model):
        limits = bounds(field)
        for key, words in {"gt": "greater than", "ge": "at least", "lt": "less than", "le": "at most"}.items():
            if key not in limits:
                continue
            limit = limits[key]
            step = 1 if int in flatten(field.annotation) else abs(limit) * 1e-9 or 1e-9
            outside = limit if key in ("gt", "lt") else limit - step if key == "ge" else limit + step
            with pytest.raises(ParameterError) as caught:
                model(**{name: outside})
            amount = f"{limit:.12g}" + ("" if unit.symbol == "1" else f" {unit.symbol}")
            assert f"{name} must be {words} {amount}" in str(caught.value)
            assert str(caught.value).startswith(f"{model.__name__}({name}=")


# ------------------------------------------------------------------------------------------------------ results


@each(MODELS)
def test_results_are_those_declared(model):
    ds = small(model).run()
    declared = {result.name for result in model.RESULTS}
    extra = {f"{r.name}_error" for r in model.RESULTS if r.error}
    extra |= {f"{r.name}_valid" for r in model.RESULTS if r.valid} | {
        f"{r.name}_exists" for r in model.RESULTS if r.exists
    }
    parameters = {str(name) for name in ds.coords} - declared
    inputs = {str(name) for name in ds.data_vars if str(name).startswith("input_")}
    assert {str(name) for name in ds.variables} == declared | extra | parameters | inputs
    assert not declared & parameters, "a result shares a parameter's name"
    assert not {str(dim) for dim in ds.dims} & (parameters | set(model.model_fields)), "a dimension is a parameter"
    for name, variable in ds.variables.items():
        assert variable.attrs.get("units"), name
        assert variable.attrs.get("long_name"), name
        assert variable.dtype.kind in "fib", name
        if variable.dtype.kind == "f" and not str(name).endswith("_error"):
            exists = ds[f"{name}_exists"].values if f"{name}_exists" in ds else np.isfinite(variable.values) | True
            assert np.isfinite(variable.values[exists]).all(), name
    for result in model.RESULTS:
        if result.name in ds.dims:
            assert result.dims == (result.name,)
        if result.beside:
            other = next(r for r in model.RESULTS if r.name == result.beside)
            assert (other.units, other.dims) == (result.units, result.dims)


@each(MODELS)
def test_results_survive_netcdf_and_zarr(model, tmp_path):
    zarr = pytest.importorskip("zarr")
    assert zarr
    ds = small(model).run(replicates=2)
    ds.to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "x.nc", engine="h5netcdf") as stored:
        assert differences(ds, stored.load()) == []
        assert stored.attrs == ds.attrs
        assert all(stored[name].attrs == ds[name].attrs for name in ds.variables)
    ds.to_zarr(tmp_path / "x.zarr", consolidated=False)
    with xr.open_zarr(tmp_path / "x.zarr", consolidated=False) as stored:
        assert differences(ds, stored.load()) == []


@each(MODELS)
def test_a_phenomenon_answers_with_and_without_the_mesoscale(model):
    if model.competition is None:
        assert model.control is None
        return
    units = {result.name: (result.units, result.dims) for result in model.RESULTS}
    assert units["answer"] == units["naive_answer"]
    assert math.isfinite(model().governing_ratio())
    assert model().governing_ratio() > 0


def test_one_name_has_one_unit():
    seen = {}
    for model in MODELS:
        rows = [(r.name, r.units) for r in model.RESULTS if r.name not in ("answer", "naive_answer")]
        for record in records_of(model):
            rows += [(name, unit.symbol) for name, _, unit in numeric_fields(record)]
            for name, field in record.model_fields.items():
                rows += [(name, m.unit.symbol) for m in flatten_metadata(field) if isinstance(m, Data)]
        for name, unit in rows:
            assert seen.setdefault(name, unit) == unit, (
                f"{name} is in {unit} in {model.__name__}, in {seen[name]} before"
            )
            assert Unit(unit).affine(str(pint_base(unit))) == (1.0, 0.0), f"{name}: {unit} is not SI"


def flatten_metadata(field):
    found = list(field.metadata)
    for part in typing.get_args(field.annotation):
        found += getattr(part, "__metadata__", ())
    return found


def pint_base(unit):
    if unit == "1":
        return "1"
    return " * ".join(f"{u}**{p}" for u, p in REGISTRY.get_base_units(spelt(unit))[1]._units.items()) or "1"


def spelt(unit):
    return re.sub(r"(?<=[A-Za-z])(-?\d)", r"**\1", unit).replace(" ", " * ")


def test_class_names_are_unique():
    names = [model.__name__ for model in MODELS]
    assert len(names) == len(set(names))
    assert names


# ---------------------------------------------------------------------------------------------- repeatable runs


@each(MODELS)
def test_the_same_seed_gives_the_same_bits_on_one_and_two_threads(model):
    with use_workers(1):
        one = small(model).run(seed=3)
    with use_workers(2):
        two = small(model).run(seed=3)
    assert differences(one, two) == []


@each(MODELS)
def test_replay_gives_the_same_bits_after_a_round_trip(model, tmp_path):
    ds = small(model).run(seed=5, replicates=2)
    ds.to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "x.nc", engine="h5netcdf") as stored:
        assert differences(stored.load(), replay(stored)) == []
    assert differences(ds.isel(replicate=0, drop=True), small(model).run(seed=5)) == []


@pytest.mark.parametrize("name", PRESETS)
def test_a_published_parameter_set_runs(name):
    preset = PRESETS[name]
    ds = preset.replace(**type(preset).quick).run()
    assert differences(ds, replay(ds)) == []


@each([model for model in MODELS if model.control])
def test_the_governing_ratio_is_monotone_in_its_control(model):
    instance = model()
    owner, *rest = model.control.split(".")
    record, last = model, owner
    for part in rest:
        record = records_in(record, last) if not part.isdigit() else record
        last = part if not part.isdigit() else last
    low, high = interval(record, last)
    values = np.geomspace(low, high, 41) if low > 0 else np.linspace(low, high, 41)
    ratios = np.array([instance.replace(**{model.control: float(value)}).governing_ratio() for value in values])
    steps = np.diff(ratios)
    assert (steps > 0).all() or (steps < 0).all()
    middle = float(np.sqrt(ratios.min() * ratios.max()))
    assert instance.at_ratio(middle).governing_ratio() == pytest.approx(middle, rel=1e-6)
    with pytest.raises(ParameterError, match="reaches governing ratios from"):
        instance.at_ratio(ratios.max() * 2)


def records_in(record, name):
    return nested_in(record.model_fields[name].annotation)[0]


@each(MODELS)
def test_a_run_warns_of_nothing(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(model).run()


# --------------------------------------------------------------------------------------------------------- laws

CONSTANTS = {  # SI units of the physical constants that laws read at call time
    "k": "J K-1",
    "Boltzmann": "J K-1",
    "N_A": "mol-1",
    "Avogadro": "mol-1",
    "R": "J mol-1 K-1",
    "gas_constant": "J mol-1 K-1",
    "e": "A s",
    "elementary_charge": "A s",
    "g": "m s-2",
    "h": "J s",
    "hbar": "J s",
    "c": "m s-1",
    "epsilon_0": "F m-1",
    "sigma": "W m-2 K-4",
    "Stefan_Boltzmann": "W m-2 K-4",
    "atomic_mass": "kg",
    "zero_Celsius": "K",
}
EXEMPT: dict[str, str] = {}  # law name: the reason why it cannot be dimensionally consistent
BASES = ("meter", "kilogram", "second", "kelvin", "mole", "ampere")


def all_laws():
    found = {}
    pending = ["core", "materials", "biology", "environment"]
    while pending:
        name = pending.pop()
        module = importlib.import_module(f"mesoscale.{name}")
        for public in module.__all__:
            thing = getattr(module, public)
            if inspect.ismodule(thing):
                pending.append(f"{name}.{public}")
            elif hasattr(thing, "units") and hasattr(thing, "__wrapped__"):
                found[f"{name}.{public}"] = thing
    return found


LAWS = all_laws()


def factor_of(unit, factors):
    if unit == "1":
        return 1.0
    powers = REGISTRY.get_base_units(spelt(unit))[1]._units
    return math.prod(factors[base] ** float(power) for base, power in powers.items() if base in factors)


def calls_in_doctest(function):
    """Arguments with which the law's own examples call it, in SI floats."""
    calls = []
    module = importlib.import_module(function.__wrapped__.__module__)
    signature = inspect.signature(function.__wrapped__)

    def record(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        bare = [v for n, v in bound.arguments.items() if n in function.units and v is not None]
        if all(isinstance(v, int | float | np.ndarray | list | tuple) for v in bare):
            calls.append(dict(bound.arguments))
        return function(*args, **kwargs)

    space = {**vars(module), function.__name__: record}
    for example in doctest.DocTestParser().get_examples(function.__doc__ or ""):
        if function.__name__ in example.source or not calls:
            tree = ast.parse(example.source)
            exec(compile(tree, "doctest", "exec"), space)
    return calls


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_dimensionally_consistent(name, monkeypatch):
    law = LAWS[name]
    if law.__name__ in EXEMPT:
        return
    calls = calls_in_doctest(law)
    assert calls, f"{name} needs an example that calls it with plain numbers"
    rng = np.random.default_rng(20)
    factors = dict(zip(BASES, np.exp(rng.uniform(-1, 1, len(BASES))), strict=True))
    expected = [law.__wrapped__(**arguments) for arguments in calls]
    for constant, unit in CONSTANTS.items():
        monkeypatch.setattr(scipy.constants, constant, getattr(scipy.constants, constant) * factor_of(unit, factors))
    for arguments, before in zip(calls, expected, strict=True):
        scaled = dict(arguments)
        for argument, value in arguments.items():
            unit = law.units.get(argument)
            if unit is not None and value is not None and unit.symbol not in ("1", "rad"):
                scaled[argument] = np.asarray(value, float)[()] * factor_of(unit.symbol, factors)
        after = law.__wrapped__(**scaled)
        np.testing.assert_allclose(
            after, np.asarray(before) * factor_of(law.units["return"].symbol, factors), rtol=1e-7
        )


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_documented(name):
    text = inspect.getdoc(LAWS[name]) or ""
    for heading in ("Parameters\n---", "Returns\n---", "Examples\n---"):
        assert heading in text, f"{name} lacks the section {heading.split()[0]}"
    for argument in LAWS[name].units:
        if argument != "return":
            assert argument in text, f"{name} does not describe {argument}"


@pytest.mark.parametrize("name", LAWS)
def test_a_law_broadcasts_and_takes_units(name):
    law = LAWS[name]
    arguments = calls_in_doctest(law)[0]
    bare = law.__wrapped__(**arguments)
    scalars = {n: v for n, v in arguments.items() if n in law.units and isinstance(v, float)}
    if not scalars:
        return
    texts = {n: f"{v!r} {'' if law.units[n].symbol == '1' else law.units[n].symbol}" for n, v in scalars.items()}
    np.testing.assert_allclose(law(**{**arguments, **texts}), bare, rtol=1e-12)
    argument, value = next(iter(scalars.items()))
    if np.ndim(bare) == 0:
        array = np.full((2, 3), value)
        np.testing.assert_allclose(law(**{**arguments, argument: array}), np.full((2, 3), bare), rtol=1e-12)
        labelled = xr.DataArray([value, value], dims="case", attrs={"units": law.units[argument].symbol})
        result = law(**{**arguments, argument: labelled})
        assert result.dims == ("case",)
        assert result.attrs["units"] == law.units["return"].symbol
