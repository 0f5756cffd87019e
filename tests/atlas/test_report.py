"""The page is whole, refers to nothing outside, and says what must be said."""

import base64
import html.parser
import re

import pytest
from mesoscale.atlas.report import render, result_lines
from mesoscale.atlas.survey import Chapter, Survey

VOID = {"meta", "link", "img", "br", "input", "hr", "rect", "path", "circle", "mspace"}


class Page(html.parser.HTMLParser):
    """What a reader of the page needs to know about it."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.targets, self.sources, self.images = [], [], [], []
        self.headings, self.open, self.text, self.wrong = [], [], [], []
        self.lang = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "html":
            self.lang = values.get("lang")
        if "id" in values:
            self.ids.append(values["id"])
        for name in ("aria-labelledby", "aria-describedby", "for"):
            self.targets += values.get(name, "").split()
        if values.get("href", "").startswith("#"):
            self.targets.append(values["href"][1:])
        elif "href" in values:
            self.sources.append(values["href"])
        self.sources += [
            values[name] for name in ("src", "srcset", "data", "action", "poster", "xlink:href") if name in values
        ]
        if tag == "img":
            self.images.append(values)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def source(quick):
    return (quick[1] / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


def test_the_page_is_well_formed_and_says_its_language(page, source):
    assert source.lstrip().startswith("<!DOCTYPE html>")
    assert page.wrong == []
    assert page.open == []
    assert page.lang == "en"


def test_nothing_is_fetched_from_outside(page, source):
    assert page.sources
    assert all(address.startswith("data:") for address in page.sources)
    assert not re.search(r"https?://|//[\w.-]+\.\w+/|@import|<script|url\(", source)


def test_pictures_inside_the_page_refer_to_nothing_outside_either(page):
    for image in page.images:
        kind, _, content = image["src"].partition(",")
        assert kind == "data:image/svg+xml;base64"
        svg = base64.b64decode(content).decode()
        targets = re.findall(r'(?:xlink:)?href="([^"]*)"', svg)
        assert all(target.startswith(("#", "data:")) for target in targets)
        assert "<script" not in svg


def test_every_picture_is_told_in_words(page):
    assert len(page.images) == 2 + 5 + 1  # comparison and distribution, springs, lever
    assert all(len(image["alt"]) > 10 for image in page.images)


def test_ids_are_unique_and_links_lead_to_them(page):
    assert len(set(page.ids)) == len(page.ids)
    assert set(page.targets) <= set(page.ids)


def test_headings_go_down_in_steps_of_one(page):
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(below - above <= 1 for above, below in zip(page.headings, page.headings[1:], strict=False))


def test_the_story_and_its_equation_are_there(page, source):
    assert "Springs in a row: from one bond to the length of a chain." in page.words
    assert re.search(r"<math[^>]*><mrow><mi>L</mi>", source)
    assert '<span class="number">(1)</span>' in source
    assert "Hooke (1678), De potentia restitutiva." in page.words


def test_the_equations_of_a_parts_file_are_there(source):
    assert "fakelib.shop.levers.arms" in source
    assert re.search(r"<mi>F</mi>", source)


def test_evidence_is_shown_with_deviation_source_and_status(page):
    assert "Roe 2001, doi:10.1000/182, table 1" in page.words
    assert "50.3 nm 50 nm +0.6 %" in page.words
    assert "z = −0.50" in page.words
    assert "○ not reproduced" in page.words
    assert "comes out twice as large" in page.words
    assert "1 slow entry left out" in page.words


def test_what_has_no_published_number_says_none_found(source):
    springs, lever = (source.index(f'id="fakelib-shop-{name}"') for name in ("springs-Springs", "levers-Lever"))
    assert "none found" not in source[springs:lever]
    assert "none found" in source[lever:]


def test_parameters_are_shown_with_units_bounds_and_sources(page):
    assert "bond_length length of a bond 340 pm > 0, ≤ 1 mm Doe 1999" in page.words
    assert "hooks.1.width" in page.words
    assert "mesoscale run Springs --preset LONG" in page.words


def test_the_recipe_is_there(page):
    assert '"model": "fakelib.shop.springs.Springs"' in page.words
    assert "mesoscale replay Springs.nc" in page.words


def test_what_a_model_says_is_text_and_no_markup(tmp_path):
    chapter = Chapter("somewhere.Evil", finished=True)
    from mesoscale.atlas.table import Row

    chapter.rows.append(Row("somewhere.Evil", "<script>alert(1)</script>", "crashed: <b>x</b>"))
    text = render(Survey([chapter]))
    assert "<script" not in text
    assert "<b>x" not in text
    assert "&lt;script&gt;" in text


def test_an_empty_survey_has_a_page():
    page = Page(render(Survey()))
    assert page.wrong == []
    assert "Atlas of mesoscale models" in page.words


def test_results_are_told_line_by_line(springs):
    instance = springs.Springs(spread=5.0)
    lines = {line.name: line for line in result_lines(instance, instance.run())}
    assert lines["answer"].value == "5.7 ± 0.3 nm"
    assert lines["answer"].remark == "outside validity: valid for a spread below 2"
    assert lines["rate"].remark == "exists at late times only"
    assert lines["warmth"].value == "15 y × 20 x, in K"


def test_the_distribution_of_z_is_judged_by_kolmogorov_and_smirnov():
    from mesoscale.atlas.report import _normality_words
    from scipy import stats

    scores = stats.norm.rvs(size=40, random_state=3)
    words = _normality_words(list(scores))
    chance = float(words.rstrip(".").rpartition(" ")[2])
    # The asymptotic law with Stephens' correction against scipy's exact one.
    assert chance == pytest.approx(stats.kstest(scores, "norm").pvalue, abs=0.015)
    assert "Fewer than two" in _normality_words([0.1])
