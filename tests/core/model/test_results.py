"""Results: declared once, labelled, complete, or refused."""

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.model import Estimate, Result, ResultError, mean, summarize
from mesoscale.core.model.results import label_results
from mesoscale.core.quantities import Count, Flag, Length, Time

RESULTS = (
    Result("time", Time, "time", dims=("time",)),
    Result("width", Length, "width of the front", dims=("time",), error=True),
    Result("answer", Length, "final width", error=True, valid="a sharp front"),
    Result("arrival", Time, "time of arrival", exists="when the front arrives"),
    Result("trace", Length, "trace", dims=("time",), exists="after the start"),
    Result("pieces", Count, "number of pieces"),
    Result("spanning", Flag, "whether it spans"),
)


def returned(**changes):
    table = {
        "time": np.arange(3.0),
        "width": Estimate(np.ones(3), np.full(3, 0.1)),
        "answer": 2.0,
        "answer_valid": True,
        "arrival": None,
        "trace": np.array([np.nan, 1.0, 2.0]),
        "pieces": 4,
        "spanning": True,
    }
    return {**table, **changes}


def labelled(*runs):
    variables, coordinates = label_results("Front", RESULTS, runs or (returned(),), replicated=len(runs) > 1)
    return xr.Dataset(variables, coordinates)


def test_every_variable_says_its_unit_and_name():
    ds = labelled()
    assert set(ds.data_vars) == {
        *("width", "width_error", "answer", "answer_error", "answer_valid"),
        *("arrival", "arrival_exists", "trace", "trace_exists", "pieces", "spanning"),
    }
    assert set(ds.coords) == {"time"}
    for name in ds.variables:
        assert ds[name].attrs["units"]
        assert ds[name].attrs["long_name"]
    assert ds.width.attrs["ancillary_variables"] == "width_error"
    assert ds.answer_valid.attrs["comment"] == "valid for a sharp front"
    assert ds.arrival_exists.attrs["comment"] == "exists when the front arrives"
    assert ds.pieces.dtype == np.int64
    assert ds.spanning.dtype == np.bool_


def test_an_error_is_nan_where_one_run_cannot_tell():
    ds = labelled()
    np.testing.assert_array_equal(ds.width_error, 0.1)
    assert np.isnan(ds.answer_error)


def test_what_does_not_exist_is_nan_and_says_so():
    ds = labelled(returned(trace=None))
    assert np.isnan(ds.arrival)
    assert not ds.arrival_exists
    assert ds.trace.shape == (3,)
    np.testing.assert_array_equal(ds.trace_exists, False)
    np.testing.assert_array_equal(labelled().trace_exists, [False, True, True])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"answer": np.inf}, ResultError, "the final width (answer) came out as inf"),
        ({"width": np.array([1.0, np.nan, 1.0])}, ResultError, "the width of the front (width) came out as nan"),
        ({"arrival": np.inf}, ResultError, "came out as inf"),
        ({"answer": None}, TypeError, "declared to exist always"),
        ({"width": np.ones(4)}, TypeError, "has shape (4,)"),
        ({"pieces": np.ones(2)}, TypeError, "has shape (2,)"),
        ({"surprise": 1.0}, TypeError, "not declared: surprise"),
    ],
)
def test_a_result_that_is_not_as_declared_is_refused(changes, error, message):
    with pytest.raises(error) as caught:
        labelled(returned(**changes))
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["answer", "answer_valid"])
def test_a_missing_result_is_refused(name):
    table = returned()
    del table[name]
    with pytest.raises(TypeError, match=f"did not return .*{name}"):
        labelled(table)


def test_replicates_are_stacked_and_coordinates_shared():
    ds = labelled(returned(), returned(answer=4.0))
    assert ds.sizes["replicate"] == 2
    np.testing.assert_array_equal(ds.answer, [2.0, 4.0])
    assert ds.time.dims == ("time",)
    with pytest.raises(TypeError, match="coordinate time differs"):
        labelled(returned(), returned(time=np.arange(1.0, 4.0)))


def test_mean_has_the_standard_error_of_independent_samples():
    value, error = mean(np.array([[1.0, 2.0], [3.0, 2.0]]))
    np.testing.assert_array_equal(value, [2.0, 2.0])
    np.testing.assert_array_equal(error, [1.0, 0.0])  # sd = sqrt(2), over sqrt(2)
    assert np.isnan(mean([5.0]).error)
    assert mean(np.array([[1.0, 3.0]]), axis=1).error[0] == 1.0


def test_summarize_turns_replicates_into_means_and_errors():
    runs = [returned(answer=a, spanning=s, answer_valid=v) for a, s, v in [(1, True, True), (3, False, False)]]
    ds = labelled(*runs).assign_attrs(recipe="kept")
    summary = summarize(ds)
    assert "replicate" not in summary.dims
    assert summary.answer == 2.0
    assert summary.answer_error == 1.0
    assert summary.spanning == 0.5
    assert not summary.answer_valid
    assert not summary.arrival_exists
    np.testing.assert_array_equal(summary.width_error, 0.0)  # between replicates, not the run's own
    assert summary.attrs == {"recipe": "kept"}
    assert summary.answer.attrs["units"] == "m"
    with pytest.raises(ValueError, match="replicates=2"):
        summarize(summary)


def test_a_result_knows_its_unit_and_kind():
    assert Result("x", Length, "x").units == "m"
    assert [r.dtype for r in RESULTS[-2:]] == [int, bool]
    with pytest.raises(TypeError, match="has no unit"):
        _ = Result("x", str, "x").units
