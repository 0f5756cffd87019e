"""The contract of a model, on a random walk small enough to know everything about."""

import json
import math
from collections.abc import Callable
from typing import Annotated, ClassVar

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.model import Data, Function, Model, ParameterError, Result, ResultError, mean, param, summarize
from mesoscale.core.model.phenomenon import model_path
from mesoscale.core.quantities import Count, Length, Temperature
from mesoscale.core.recipe import RecipeError, replay


class Walk(Model):
    """Steps of one length in random directions along a line."""

    step: Length = param(2.0, "length of a step", source="assumed", gt=0, le=1e308)
    steps: Count = param(64, "number of steps", source="numerical", ge=1, le=10_000)
    walkers: Count = param(200, "number of walkers", source="numerical", ge=2, le=10_000)
    temperature: Temperature | None = param(None, "temperature, if there is one", source="assumed", gt=0, le=1e4)
    start: Annotated[xr.DataArray, Data("m", ("walker",))] | None = param(None, "starts", source="the user's")

    RESULTS: ClassVar = (
        Result("answer", Length, "root-mean-square distance", error=True),
        Result("naive_answer", Length, "distance of a straight walk"),
    )
    competition: ClassVar = "diffusion / one step"
    control: ClassVar = "step"
    quick: ClassVar = {"walkers": 10}

    def governing_ratio(self):
        return self.step * self.steps**0.5

    def simulate(self, streams, tick):
        states = streams(self.walkers)
        square = np.zeros(self.walkers)
        for i in range(self.walkers):
            bits = np.random.Generator(np.random.PCG64(int(states[i, 0])))
            square[i] = (self.step * (2 * bits.integers(0, 2, self.steps) - 1).sum()) ** 2
            tick(i + 1, self.walkers)
        return {"answer": mean(square).value ** 0.5, "naive_answer": self.step * self.steps}


def test_a_run_is_labelled_and_carries_its_recipe():
    ds = Walk().run(seed=3)
    assert ds.attrs["Conventions"] == "CF-1.11"
    recipe = json.loads(ds.attrs["recipe"])
    assert recipe["parameters"] == {"step": 2.0, "steps": 64, "walkers": 200, "temperature": None, "start": None}
    assert recipe["units"]["step"] == "m"
    assert recipe["seed"] == 3
    assert recipe["replicates"] == 1
    assert recipe["replayable"] is False  # defined outside the library
    assert ds.step.attrs == {"units": "m", "long_name": "length of a step"}
    assert float(ds.step) == 2.0
    assert "temperature" not in ds.coords  # None is no number
    assert ds.answer.attrs["units"] == "m"


def test_the_answer_is_the_square_root_law_within_four_standard_errors():
    answers = Walk(walkers=500).run(replicates=20).answer.values
    z = ((answers**2).mean() - 4.0 * 64) / ((answers**2).std(ddof=1) / np.sqrt(20))
    assert abs(z) < 4


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    assert Walk().run(seed=7).identical(Walk().run(seed=7))
    assert Walk().run(seed=7).answer != Walk().run(seed=8).answer


def test_the_first_replicate_is_the_single_run_and_the_others_are_new():
    many = Walk().run(seed=5, replicates=3)
    assert many.sizes["replicate"] == 3
    assert many.answer[0] == Walk().run(seed=5).answer
    assert len(set(many.answer.values)) == 3
    assert summarize(many).answer_error > 0


def test_streams_are_never_handed_out_twice():
    class Greedy(Walk):
        RESULTS: ClassVar = (Result("answer", Length, "number of different states"),)

        def simulate(self, streams, tick):
            states = np.concatenate([streams(5), streams(5)])
            np.testing.assert_array_equal(states, spawn_states(0, 10))
            return {"answer": float(len(np.unique(states[:, 0])))}

    assert Greedy().run().answer == 10


def test_ctrl_c_returns_the_finished_replicates_and_the_recipe_says_how_many():
    def stop(done, total):
        if done > 450:
            raise KeyboardInterrupt

    ds = Walk().run(replicates=5, progress=stop)
    assert ds.sizes["replicate"] == 2
    assert json.loads(ds.attrs["recipe"])["replicates"] == 2
    assert ds.answer[1] == Walk().run(replicates=2).answer[1]

    def stop_at_once(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Walk().run(progress=stop_at_once)


def test_progress_reports_and_may_cancel(capsys):
    seen = []
    Walk(walkers=4).run(replicates=2, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (1, 8)
    assert seen[3] == (4, 8)
    assert seen[-2] == (8, 8)

    class CancelledError(Exception):
        pass

    def cancel(done, total):
        raise CancelledError

    with pytest.raises(CancelledError):
        Walk().run(progress=cancel)
    Walk().run(progress=True)
    assert "Walk" in capsys.readouterr().err


def test_data_travel_with_the_result_once_on_their_own_dimension():
    ds = Walk(walkers=2, start=xr.DataArray([1.0, 2.0], dims="walker", attrs={"units": "km"})).run(replicates=2)
    assert ds.input_start.dims == ("input_start_walker",)
    np.testing.assert_array_equal(ds.input_start, [1e3, 2e3])
    assert ds.input_start.attrs["units"] == "m"
    assert set(json.loads(ds.attrs["recipe"])["parameters"]["start"]) == {"sha256", "shape"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "Walk(seed=-1): seed must be a whole number of at least 0"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"seed": True}, "seed must be a whole number"),
        ({"replicates": 0}, "replicates must be a whole number of at least 1"),
    ],
)
def test_seed_and_replicates_are_checked(options, message):
    with pytest.raises(ParameterError) as caught:
        Walk().run(**options)
    assert message in str(caught.value)


def test_overflow_is_one_clear_error():
    with pytest.raises(ResultError, match="Walk: the calculation failed for these parameters"):
        Walk(step=1e308).run()


def test_at_ratio_moves_the_control_and_says_what_it_reaches():
    assert Walk().at_ratio(8.0).governing_ratio() == pytest.approx(8.0, rel=1e-12)
    assert Walk().at_ratio(1.6).step == pytest.approx(0.2, rel=1e-12)  # the end of the interval
    with pytest.raises(ParameterError, match=r"step reaches governing ratios from 1.6 to 160 on its interval"):
        Walk().at_ratio(1e6)
    for control in ("colour", "step.inner", "parts.7.width"):
        with pytest.raises(ParameterError, match=f"{control} is not a parameter of Walk"):
            Walk().at_ratio(1.0, control=control)


def test_at_ratio_stays_inside_bounds_that_are_the_interval():
    class Bounded(Walk):
        step: Length = param(2.0, "length of a step", source="assumed", ge=1e-3, le=100, span=(1e-3, 100.0))

    assert Bounded().at_ratio(799.0).step == pytest.approx(99.875, rel=1e-9)
    assert Bounded().at_ratio(800.0).step == 100.0


def test_a_method_has_no_governing_ratio():
    class Method(Model):
        """A method."""

    with pytest.raises(TypeError, match="method, not a phenomenon"):
        Method().governing_ratio()
    with pytest.raises(TypeError, match="does not say how"):
        Method().run()
    with pytest.raises(ParameterError, match="declares none"):
        Method().at_ratio(1.0)


def test_the_path_of_a_model_is_its_public_module():
    from mesoscale.environment.urban import UrbanSurface

    assert model_path(UrbanSurface) == "mesoscale.environment.urban.UrbanSurface"


class Slide(Model):
    """A model with a function of the user's, nested."""

    slopes: tuple[Annotated[Callable[..., float], Function("slope f(x)")], ...] = param(
        (), "slopes", source="the user's"
    )
    RESULTS: ClassVar = (Result("height", Length, "height"),)

    def simulate(self, streams, tick):
        return {"height": self.slopes[0](0.0)}


def test_a_result_that_used_a_function_says_so_and_is_not_replayed():
    ds = Slide(slopes=(math.cos,)).run()
    recipe = json.loads(ds.attrs["recipe"])
    assert recipe["parameters"]["slopes"] == [{"function": "math.cos"}]
    assert recipe["replayable"] is False
    with pytest.raises(RecipeError, match=r"cannot be replayed: it used math\.cos, which is not of this library"):
        replay(ds)
