"""Runs on disk: cut anywhere, they end with the same bits; another run, a second writer, a full disk are refused."""

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.fields.free_energies import quartic
from mesoscale.core.fields.spectral import Basis, GradientFlow, Journal, integrate
from mesoscale.core.kernels.random import spawn_states

TIMES = [0.5, 2.0, 8.0]


class CutError(Exception):
    pass


def run(scheme="etdrk4", temperature=0.0, boundary="periodic", times=TIMES, **options):
    basis = Basis((16, 12), (16.0, 12.0), boundary)
    flow = GradientFlow(basis, quartic(), basis.k2, basis.k2, 0.75, temperature)
    start = 0.1 * np.random.default_rng(0).standard_normal(basis.shape)
    noise = {"step": 0.25, "state": spawn_states(1, 1)[0]} if temperature else {}
    return integrate(flow, start, times, scheme=scheme, **noise, **options)


def cut_after(calls):
    left = [calls]

    def tick(done, total):
        left[0] -= 1
        if left[0] == 0:
            raise CutError

    return tick


@pytest.mark.parametrize(
    ("scheme", "temperature", "boundary"),
    [("etdrk4", 0.0, "periodic"), ("sbdf2", 0.0, "no_flux"), ("eyre", 0.01, "periodic")],
)
def test_a_run_that_is_cut_many_times_ends_with_the_same_bits(tmp_path, scheme, temperature, boundary):
    whole = run(scheme, temperature, boundary)
    attempts = 0
    while True:
        attempts += 1
        try:
            with Journal(tmp_path / "run", every=0.0) as journal:
                found = run(scheme, temperature, boundary, journal=journal, tick=cut_after(21))
            break
        except CutError:
            continue
    assert attempts > 1
    for name in ("fields", "step_times", "step_energies", "step_means"):
        assert np.array_equal(getattr(found, name), getattr(whole, name)), name
    assert found.rejected == whole.rejected
    with Journal(tmp_path / "run") as journal:  # a finished run is read, not computed
        again = run(scheme, temperature, boundary, journal=journal, tick=cut_after(1))
    assert np.array_equal(again.fields, whole.fields)


def test_fields_can_be_read_while_the_run_stands_still(tmp_path):
    with pytest.raises(CutError), Journal(tmp_path / "run") as journal:
        run(journal=journal, tick=lambda done, total: (_ for _ in ()).throw(CutError) if done > 700 else None)
    snapshots = xr.open_zarr(tmp_path / "run", consolidated=False).snapshots
    assert snapshots.dims == ("snapshot", "y", "x")
    assert np.array_equal(snapshots[0], run(times=TIMES).fields[0])
    assert np.isnan(snapshots[2]).all()


def test_a_checkpoint_that_was_not_finished_does_not_count(tmp_path, monkeypatch):
    whole = run()
    with pytest.raises(CutError), Journal(tmp_path / "run", every=0.0) as journal:
        run(journal=journal, tick=cut_after(9))
    import zarr

    real, left = zarr.Group.create_array, [3]

    def full(self, name, **options):
        left[0] -= 1
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        return real(self, name, **options)

    monkeypatch.setattr(zarr.Group, "create_array", full)
    with pytest.raises(OSError, match="No space left"), Journal(tmp_path / "run", every=0.0) as journal:
        run(journal=journal)
    monkeypatch.undo()
    with Journal(tmp_path / "run") as journal:
        assert np.array_equal(run(journal=journal).fields, whole.fields)


def test_another_run_and_a_second_writer_are_refused(tmp_path):
    with Journal(tmp_path / "run") as journal:
        run(times=[1.0], journal=journal)
        with pytest.raises(RuntimeError, match="another process"), Journal(tmp_path / "run"):
            pass
    for other in ({"times": [2.0]}, {"times": [1.0], "tolerance": 1e-3}, {"times": [1.0], "scheme": "sbdf2"}):
        with pytest.raises(ValueError, match="holds another run"), Journal(tmp_path / "run") as journal:
            run(**other, journal=journal)
