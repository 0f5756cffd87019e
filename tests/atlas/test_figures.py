"""What is drawn is what is in the dataset, with its unit; and the same numbers give the same bytes."""

import re

import numpy as np
import pytest
from mesoscale.atlas import figures
from mesoscale.atlas.compare import compare
from mesoscale.atlas.panels import describe, plan
from mesoscale.core.model import Estimate, Model, Result
from mesoscale.core.quantities import Count, Flag, Length, Pressure, Time


def make(results, values):
    """A model class that returns given values, and its result."""

    def simulate(self, streams, tick):
        return values

    cls = type(
        "Shown", (Model,), {"__doc__": "Shown.", "__module__": __name__, "RESULTS": results, "simulate": simulate}
    )
    return cls, cls().run()


def artists(figure, name):
    return [artist for axes in figure.axes for artist in axes.findobj(lambda a: a.get_gid() == name)]


def one_panel(results, values):
    cls, dataset = make(results, values)
    ((words, figure),) = figures.panels(cls, dataset)
    return words, figure, dataset


@pytest.fixture(scope="module")
def drawn(springs):
    dataset = springs.Springs().run()
    return dataset, list(figures.panels(springs.Springs, dataset))


def test_panels_are_chosen_from_the_declarations(springs):
    chosen = plan(springs.Springs.RESULTS, springs.Springs().run())
    assert [(panel.kind, [r.name for r in panel.results]) for panel in chosen] == [
        ("scalars", ["answer", "naive_answer"]),
        ("profile", ["correlation", "decay"]),
        ("profile", ["rate"]),
        ("map", ["warmth"]),
        ("histogram", ["radius"]),
    ]


def test_answers_stand_at_their_values_with_units(drawn):
    _, panels = drawn
    words, figure = panels[0]
    (axes,) = figure.axes
    places = [container.lines[0].get_xdata()[0] for container in axes.containers]
    np.testing.assert_allclose(places, [34 / 1.5, 34])  # nm
    assert axes.get_xlabel() == "value [nm]"
    assert [text.get_text() for text in axes.texts] == [
        "answer: length of the chain", "22.7 ± 0.3 nm", "naive answer: sum of the bonds", "34 nm",
    ]  # fmt: skip
    assert words == "length of the chain: 22.7 ± 0.3 nm; sum of the bonds: 34 nm."


def test_a_measurement_is_points_with_bars_and_its_prediction_a_line(drawn):
    dataset, panels = drawn
    (axes,) = panels[1][1].axes
    (container,) = axes.containers
    points, (line,) = container.lines[0], artists(panels[1][1], "decay")
    np.testing.assert_allclose(points.get_ydata(), dataset["correlation"])
    np.testing.assert_allclose(points.get_xdata(), dataset["lag"] * 1e3)
    assert points.get_linestyle() == "None"
    np.testing.assert_allclose(line.get_ydata(), dataset["decay"])
    assert line.get_linestyle() == "--"
    assert container.has_yerr
    (segments,) = container.lines[2]
    lengths = [np.ptp(path[:, 1]) for path in segments.get_segments()]
    np.testing.assert_allclose(lengths, 2 * dataset["correlation_error"])
    assert axes.get_xlabel() == "lag time [ms]"
    assert axes.get_xscale() == "log"
    assert axes.get_legend() is not None


def test_what_does_not_exist_is_a_gap(drawn):
    dataset, panels = drawn
    (line,) = artists(panels[2][1], "rate")
    assert np.isnan(line.get_ydata()).sum() == (~dataset["rate_exists"]).sum() > 0
    assert panels[2][1].axes[0].get_ylabel() == "rate of opening [s⁻¹]"


def test_a_map_holds_its_values_in_order(drawn):
    dataset, panels = drawn
    axes, bar = panels[3][1].axes
    (mesh,) = artists(panels[3][1], "warmth")
    np.testing.assert_allclose(mesh.get_array(), dataset["warmth"])
    assert axes.get_xlabel() == "position along the chain [µm]"
    assert axes.get_ylabel() == "position across the chain [µm]"
    assert bar.get_ylabel() == "temperature of the place [K]"


def test_many_values_without_coordinate_are_a_histogram(drawn):
    _, panels = drawn
    (axes,) = panels[4][1].axes
    assert sum(patch.get_height() for patch in axes.patches) == 60
    assert axes.get_xlabel() == "radius of a chain [nm]"


def test_letters_are_large_enough(drawn):
    from matplotlib.text import Text

    for _, figure in drawn[1]:
        sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text().strip()]
        assert min(sizes) >= 9


def test_what_is_outside_validity_is_said_and_hollow(springs):
    dataset = springs.Springs(spread=5.0).run()
    words, figure = next(iter(figures.panels(springs.Springs, dataset)))
    assert "outside validity" in words
    (axes,) = figure.axes
    assert "outside validity: valid for a spread below 2" in axes.get_title().replace("\n", " ")
    assert axes.containers[0].lines[0].get_markerfacecolor() == "white"
    assert axes.containers[1].lines[0].get_markerfacecolor() != "white"


def test_part_of_a_curve_outside_validity_is_hollow():
    results = (
        Result("time", Time, "time", dims=("time",)),
        Result("pressure", Pressure, "pressure", dims=("time",), valid="late times"),
    )
    times = np.arange(6.0)
    values = {"time": times, "pressure": 1e6 + times, "pressure_valid": times > 2}
    _, figure, _ = one_panel(results, values)
    hollow = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "white"]
    np.testing.assert_array_equal(hollow[0].get_xdata(), [0, 1, 2])


def test_few_values_without_coordinate_are_points_over_their_number():
    _, figure, _ = one_panel(
        (Result("size", Length, "size", dims=("protein",)),), {"size": np.array([1e-9, 3e-9, 2e-9])}
    )
    (axes,) = figure.axes
    (container,) = axes.containers
    np.testing.assert_allclose(container.lines[0].get_ydata(), [1, 3, 2])
    assert axes.get_xlabel() == "protein"


def test_more_than_forty_measurements_are_a_band():
    results = (
        Result("time", Time, "time", dims=("time",)),
        Result("size", Length, "size", dims=("time",), error=True),
    )
    values = {"time": np.arange(100.0), "size": Estimate(np.full(100, 2e-9), np.full(100, 1e-10))}
    _, figure, _ = one_panel(results, values)
    (band,) = figure.axes[0].collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((1.9, 2.1))


def test_a_short_dimension_is_a_family_of_curves():
    results = (
        Result("time", Time, "time", dims=("time",)),
        Result("size", Length, "size", dims=("time", "protein")),
    )
    table = np.array([[1e-9, 2e-9], [2e-9, 3e-9], [3e-9, 4e-9], [4e-9, 5e-9]])
    _, figure, _ = one_panel(results, {"time": np.arange(4.0), "size": table})
    first, second = artists(figure, "size")
    np.testing.assert_allclose(first.get_ydata(), [1, 2, 3, 4])
    np.testing.assert_allclose(second.get_ydata(), [2, 3, 4, 5])
    assert [t.get_text() for t in figure.axes[0].get_legend().get_texts()] == ["protein 0", "protein 1"]


def test_a_map_of_truth_is_labelled_yes_and_no():
    results = (
        Result("x", Length, "x", dims=("x",)),
        Result("y", Length, "y", dims=("y",)),
        Result("spans", Flag, "whether it spans", dims=("y", "x")),
    )
    x = np.geomspace(1e-9, 1e-5, 8)
    _, figure, _ = one_panel(results, {"x": x, "y": x, "spans": x[:, None] > x})
    axes, bar = figure.axes
    assert [label.get_text() for label in bar.get_yticklabels()] == ["no", "yes"]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    (mesh,) = artists(figure, "spans")
    # On a logarithmic axis the borders between cells are geometric means.
    edges = mesh.get_coordinates()[0, :, 0]
    np.testing.assert_allclose(edges[1:-1], np.sqrt(x[1:] * x[:-1]) * 1e6)


@pytest.mark.parametrize(
    ("values", "scale"), [([1.0, 50.0, 120.0], "log"), ([1.0, 50.0, 90.0], "linear"), ([0.0, 50.0, 120.0], "linear")]
)
def test_an_axis_is_logarithmic_beyond_two_decades_of_positive_values(values, scale):
    results = (Result("time", Time, "time", dims=("time",)), Result("n", Count, "number", dims=("time",)))
    _, figure, _ = one_panel(results, {"time": np.arange(3.0), "n": np.array(values, dtype=int)})
    assert figure.axes[0].get_yscale() == scale


def test_scalars_beside_each_other_share_a_panel():
    results = (
        Result("here", Length, "size by one route", error=True),
        Result("there", Length, "size by another route", error=True, beside="here"),
        Result("alone", Length, "another size"),
    )
    values = {"here": Estimate(1e-9, 1e-10), "there": Estimate(1.1e-9, 1e-10), "alone": 1.0}
    words, figure, _ = one_panel(results, values)
    assert words == "size by one route: 1.00 ± 0.10 nm; size by another route: 1.10 ± 0.10 nm."
    assert len(figure.axes[0].containers) == 2


def test_an_answer_that_does_not_exist_says_when_it_does():
    results = (
        Result("answer", Length, "gel size", exists="above the gel point"),
        Result("naive_answer", Length, "mean size"),
    )
    words, figure, _ = one_panel(results, {"answer": None, "naive_answer": 1e-6})
    assert "gel size: exists above the gel point only" in words
    figures.to_png(figure)


def test_replicates_are_averaged(springs):
    dataset = springs.Springs().run(replicates=3)
    words, _ = next(iter(figures.panels(springs.Springs, dataset)))
    assert words.startswith("length of the chain: 22.67 nm")


def test_many_rows_make_a_taller_panel():
    first = Result("size0", Length, "size 0")
    others = (Result(f"size{n}", Length, f"size {n}", beside="size0") for n in range(1, 8))
    _, figure, _ = one_panel((first, *others), {f"size{n}": 1e-9 * (n + 1) for n in range(8)})
    texts = [text for text in figure.axes[0].texts if text.get_ha() == "left"]
    boxes = [text.get_window_extent() for text in texts]
    assert len(boxes) == 8
    assert not any(box.overlaps(other) for box in boxes for other in boxes if box is not other)


def test_without_errors_the_named_prediction_is_the_line():
    results = (
        Result("time", Time, "time", dims=("time",)),
        Result("law", Length, "law", dims=("time",)),
        Result("size", Length, "size", dims=("time",), beside="law"),
    )
    _, figure, _ = one_panel(results, {"time": np.arange(4.0), "law": np.ones(4), "size": np.full(4, 1.1)})
    assert artists(figure, "law")[0].get_linestyle() == "--"
    (container,) = figure.axes[0].containers
    np.testing.assert_allclose(container.lines[0].get_ydata(), 1.1)


def test_lonely_numbers_of_one_unit_share_a_panel():
    results = (Result("alone", Length, "size"), Result("other", Length, "width"), Result("time", Time, "age"))
    cls, dataset = make(results, {"alone": 1.0, "other": 2.0, "time": 3.0})
    assert [words for words, _ in figures.panels(cls, dataset)] == ["size: 1 m; width: 2 m.", "age: 3 s."]


def test_a_model_with_nothing_to_draw_says_so():
    cls, dataset = make((Result("time", Time, "time", dims=("time",)),), {"time": np.arange(3.0)})
    with pytest.raises(ValueError, match="declares no result that can be drawn"):
        figures.overview(cls, dataset)


def test_one_figure_holds_all_panels(springs):
    figure = figures.overview(springs.Springs, springs.Springs().run())
    assert len(figure.axes) == 5 + 1  # and a colour bar
    assert figures.to_png(figure, dpi=40).startswith(b"\x89PNG")


def test_the_same_numbers_give_the_same_bytes():
    cls, dataset = make((Result("alone", Length, "size"),), {"alone": 1.0})
    first = figures.to_svg(figures.overview(cls, dataset))
    assert first == figures.to_svg(figures.overview(cls, dataset))
    assert b"<dc:date>" not in first


def test_the_comparison_draws_every_point_and_names_every_curve(springs):
    dataset = compare({"soft": springs.Springs, "stiff": springs.LONG}, [1e-2, 1.0, 1e6])
    figure = figures.crossover(dataset)
    (axes,) = figure.axes
    for container in axes.containers:
        line = container.lines[0]
        np.testing.assert_array_equal(line.get_xdata(), [1e-2, 1.0])
        np.testing.assert_allclose(line.get_ydata(), dataset[container.get_label().partition(":")[0]][:2])
    styles = {(c.lines[0].get_color(), c.lines[0].get_marker(), c.lines[0].get_linestyle()) for c in axes.containers}
    assert len(styles) == 2
    names = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert abs(names["soft"] - names["stiff"]) > 0.19  # the curves coincide, their names do not
    assert axes.get_xscale() == "log"


def test_all_z_are_steps_of_the_distribution():
    scores = [0.3, -1.2, 0.9, -0.1]
    figure = figures.normality(scores)
    (line,) = artists(figure, "scores")
    np.testing.assert_allclose(line.get_xdata()[1:-1], np.sort(scores))
    np.testing.assert_allclose(line.get_ydata()[1:-1], [0.25, 0.5, 0.75, 1.0])
    figures.to_png(figures.normality([]))


def test_descriptions_name_quantity_axis_and_range(drawn, springs):
    dataset = drawn[0]
    chosen = plan(springs.Springs.RESULTS, dataset)
    known = int(dataset["rate_exists"].sum())
    expected = rf"The rate of opening over lag time, {known} values from 100 s⁻¹ to \d+ s⁻¹\."
    assert re.fullmatch(expected, describe(chosen[2], dataset))
