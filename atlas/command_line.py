"""The command line: ``mesoscale atlas``, ``list``, ``show``, ``run``, ``replay``, ``compare``.

Names come from the source by ``ast``, so that ``mesoscale list`` and shell completion import neither numba nor xarray
nor pydantic. Options of ``run`` come from the JSON schema of the model, which reads and checks them itself. Whatever
goes wrong is one line on the error stream.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from .. import __version__
from .catalogue import Entry, NameUnknownError, choose, find_entry, read_entries
from .model_commands import ModelGroup

if TYPE_CHECKING:
    import xarray as xr
    from click.shell_completion import CompletionItem

    from .survey import Chapter

__all__ = ["main"]


class OneLineGroup(click.Group):
    """A group whose errors take one line each: exit code 2 for what was asked wrongly, 1 for the rest."""

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **options: Any
    ) -> NoReturn:
        """Run, and exit with a code."""
        options["standalone_mode"] = False
        try:
            code = super().main(args, prog_name or "mesoscale", **options)
            sys.stdout.flush()
        except BrokenPipeError:
            _forget_output()
            code = 1
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message())
            code = 0
        except click.ClickException as error:
            code = _complain(error.format_message(), error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            code = _complain("interrupted", 130)
        except (OSError, ValueError, ArithmeticError) as error:
            if not _is_ours(error):
                raise
            code = _complain(str(error), 2 if isinstance(error, ValueError) else 1)
        sys.exit(code if isinstance(code, int) else 0)


class ModelName(click.ParamType):
    """A model by its class name (in any case) or its path."""

    name = "model"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Entry:
        """The entry of the catalogue, or a usage error with a suggestion."""
        if isinstance(value, Entry):
            return value
        try:
            return find_entry(value, read_entries())
        except NameUnknownError as error:
            raise click.UsageError(str(error)) from None

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Names by ``ast``."""
        from click.shell_completion import CompletionItem

        models = (entry for entry in read_entries() if entry.is_model)
        return [CompletionItem(e.name, help=e.summary) for e in models if e.name.lower().startswith(incomplete.lower())]


@click.group(cls=OneLineGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mesoscale")
def main() -> None:
    """Mesoscale models of materials, cells and landscapes, with units, evidence and recipes."""


@main.command("list")
def list_models() -> None:
    """Name every model, with one line on each."""
    models = [entry for entry in read_entries() if entry.is_model]
    width = max((len(entry.name) for entry in models), default=0)
    for entry in models:
        click.echo(f"{entry.name:<{width}}  {entry.summary}\n{'':<{width}}  {entry.path}")


@main.command()
@click.argument("entry", metavar="NAME", type=ModelName())
def show(entry: Entry) -> None:
    """Show parameters and results of a model.

    With units, bounds, defaults and sources.
    """
    from .catalogue import load
    from .model_commands import show_model

    show_model(load(entry))


main.add_command(
    ModelGroup(
        "run",
        help="Run a model.\n\nIts parameters are options: --segment-length '0.34 nm', --proteins.0.valence 3.",
        subcommand_metavar="NAME [OPTIONS]",
    )
)


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--progress/--no-progress", default=True, help="Show a bar (on a terminal).")
def replay(file: Path, progress: bool) -> int:
    """Run the recipe of a result again.

    The exit code is 1 when the bits differ.
    """
    from ..core.recipe import differences, read_recipe
    from ..core.recipe import replay as run_again
    from .files import read_dataset

    dataset = read_dataset(file)
    version = read_recipe(dataset)["version"]
    if version != __version__:
        click.echo(f"{file} was written by mesoscale {version}; this is {__version__}")
    found = differences(dataset, run_again(dataset, progress=progress and sys.stderr.isatty()))
    if not found:
        click.echo(f"{file}: the same bits")
        return 0
    for sentence in found:
        click.echo(f"{file}: {sentence}")
    return 1


@main.command()
@click.argument("entries", metavar="[NAME]...", nargs=-1, type=ModelName())
@click.option("--low", default=0.01, show_default=True, help="Smallest governing ratio.")
@click.option("--high", default=100.0, show_default=True, help="Largest governing ratio.")
@click.option("--points", default=9, show_default=True, type=click.IntRange(1, 1000), help="Ratios for each model.")
@click.option("--seed", default=0, show_default=True, help="Of every run.")
@click.option("--quick", is_flag=True, help="Small sizes.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write: .nc, .png or .svg.")
@click.option("--progress/--no-progress", default=True, help="Show a bar (on a terminal).")
def compare(
    entries: tuple[Entry, ...],
    low: float,
    high: float,
    points: int,
    seed: int,
    quick: bool,
    out: Path | None,
    progress: bool,
) -> None:
    """Show when the average lies.

    Naive answers are compared with answers over the governing ratio, for all models or those named.
    """
    from .catalogue import load
    from .compare import compare_within_reach

    if not 0 < low <= high:
        raise click.UsageError("--low must be greater than 0 and at most --high")
    if out is not None and out.suffix not in (".nc", ".png", ".svg"):
        raise click.UsageError(f"--out {out}: the name must end in .nc, .png or .svg")
    subjects = [load(entry) for entry in (entries or read_entries()) if entry.is_model]
    classes = [s.model for s in subjects if s.model is not None and (entries or s.model.competition is not None)]
    models = [model().replace(**model.quick) if quick else model() for model in classes]
    with _bar(progress) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        dataset = compare_within_reach(models, low, high, points, seed=seed, progress=advance)
    if out is not None:
        _write_comparison(dataset, out)
    _print_comparison(dataset)


@main.command()
@click.option(
    "--out", "folder", type=click.Path(path_type=Path), default="atlas-report", show_default=True, help="Folder."
)
@click.option("--only", "pattern", help="Regular expression on the model's path.")
@click.option("--quick", is_flag=True, help="Small sizes, and no slow evidence.")
@click.option("--progress/--no-progress", default=True, help="Show a bar (on a terminal).")
def atlas(folder: Path, pattern: str | None, quick: bool, progress: bool) -> int:
    """Run, judge and draw every model.

    Written are a page, a table of evidence, the data and the figures. The exit code is 1 if any evidence disagrees or
    a model crashed.
    """
    from .files import make_folder

    chosen = choose(read_entries(), pattern)
    make_folder(folder)  # before anything is computed
    from .survey import survey
    from .table import counted

    with _bar(progress) as bar:

        def listen(words: str) -> None:
            bar.set_description_str(words[:60])

        def finish(chapter: Chapter) -> None:
            bar.clear()
            _print_chapter(chapter)
            bar.update()

        bar.total = len(chosen)
        found = survey(chosen, folder, quick=quick, listen=listen, finish=finish)
    for chapter in found.chapters:
        if not chapter.finished:
            _print_chapter(chapter)
    counts = ", ".join(f"{count} {status}" for status, count in counted(found.rows).items())
    click.echo(f"{counts}\n{folder / 'index.html'}")
    if found.interrupted:
        return _complain("interrupted; what was finished is written", 130)
    return 1 if found.failed else 0


def _print_chapter(chapter: Chapter) -> None:
    from .report import result_lines
    from .table import terminal_lines

    click.secho(chapter.path, bold=True)
    if chapter.instance is not None and chapter.result is not None:
        values = {line.name: line.value for line in result_lines(chapter.instance, chapter.result)}
        if "answer" in values:
            click.echo(f"  answer {values['answer']}, naive answer {values.get('naive_answer', '–')}")
    colours = {"agrees": "green", "disagrees": "red", "crashed": "red"}
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 1000
    lines = terminal_lines(chapter.rows, width)
    for row, line in zip(chapter.rows, lines, strict=True):
        click.secho(line, fg=colours.get("crashed" if row.crashed else row.status))
    if not chapter.rows:
        click.echo("  no evidence")


def _print_comparison(dataset: xr.Dataset) -> None:
    import numpy as np

    names = [str(name) for name in dataset.data_vars if f"{name}_exists" in dataset]
    widths = [max(len(name), 14) for name in names]
    click.echo("naive answer against answer, 2 (naive - answer) / (|naive| + |answer|)")
    click.echo("  ".join([f"{'ratio':>9}", *(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))]))
    for index, ratio in enumerate(dataset["ratio"].values):
        cells = []
        for name, width in zip(names, widths, strict=True):
            value, error = float(dataset[name][index]), float(dataset[f"{name}_error"][index])
            spread = f" ± {error:.3f}" if np.isfinite(error) and error > 0 else ""
            cells.append(f"{(f'{value:+.3f}{spread}' if np.isfinite(value) else '–'):>{width}}")
        click.echo("  ".join([f"{ratio:9.3g}", *cells]))


def _write_comparison(dataset: xr.Dataset, out: Path) -> None:
    from . import figures
    from .files import write_bytes, write_dataset

    if out.suffix == ".nc":
        write_dataset(out, dataset)
    else:
        drawn = figures.crossover(dataset)
        write_bytes(out, figures.to_png(drawn) if out.suffix == ".png" else figures.to_svg(drawn))


@contextmanager
def _bar(wanted: bool) -> Iterator[Any]:
    from tqdm import tqdm

    # None: only where the error stream is a terminal.
    with tqdm(
        disable=None if wanted else True, leave=False, bar_format="{desc} {bar:20} {n_fmt}/{total_fmt} {elapsed}"
    ) as bar:
        yield bar


def _complain(message: str, code: int) -> int:
    click.echo(f"mesoscale: {' '.join(message.split())}", err=True)
    return code


def _is_ours(error: Exception) -> bool:
    """Whether an error is a sentence for the user; a traceback belongs to all others, which are defects."""
    if isinstance(error, OSError | NameUnknownError):
        return True
    return type(error).__module__.partition(".")[0] == __name__.partition(".")[0]


def _forget_output() -> None:
    """Whoever read our output has gone: let nothing complain about it at exit."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
