"""One command for each model, with an option for each parameter; and what a model looks like on a terminal."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .catalogue import Entry, NameUnknownError, Subject, find_entry, load, option_paths, read_entries

if TYPE_CHECKING:
    import xarray as xr
    from click.shell_completion import CompletionItem

    from ..core.model import Model
    from .parameters import Parameter

__all__ = ["ModelGroup", "show_model"]


class ModelGroup(click.Group):
    """``run NAME``: subcommands are the models of the catalogue."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names by ``ast``."""
        return [entry.name for entry in read_entries() if entry.is_model]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of a model; its import is saved when only names are completed."""
        try:
            entry = find_entry(cmd_name, read_entries())
        except NameUnknownError as error:
            raise click.UsageError(str(error)) from None
        if ctx.resilient_parsing:
            return click.Command(
                entry.name, params=[*_fixed_options(entry.presets), *map(_bare_option, option_paths(entry))]
            )
        return _run_command(load(entry), entry)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An option before the name is an unknown option of ``run``, not an unknown model."""
        if args[0].startswith("-"):
            raise click.NoSuchOption(args[0], ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The models with their first lines, without importing them."""
        rows = [(entry.name, entry.summary) for entry in read_entries() if entry.is_model]
        with formatter.section("Models"):
            formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names and first lines, without importing the models."""
        from click.shell_completion import CompletionItem

        models = (entry for entry in read_entries() if entry.is_model)
        return [CompletionItem(e.name, help=e.summary) for e in models if e.name.lower().startswith(incomplete.lower())]


def show_model(subject: Subject) -> None:
    """Print a model: what it weighs, parameters, results, presets."""
    from .display import pretty_unit
    from .parameters import read_parameters

    model = subject.model
    assert model is not None
    instance = model()
    click.secho(subject.path, bold=True)
    click.echo(f"  {inspect.getdoc(model) or ''}".splitlines()[0])
    if model.competition is not None:
        click.echo(
            f"  governing ratio: {model.competition} = {instance.governing_ratio():.4g}, moved by {model.control}"
        )
    click.echo("\nParameters")
    for parameter in read_parameters(instance):
        limits = ", ".join(parameter.choices) or parameter.bounds
        click.echo(f"  {parameter.path} = {parameter.shown}" + (f"   ({limits})" if limits else ""))
        click.echo(f"      {parameter.doc}. Source: {parameter.source}")
    click.echo("\nResults")
    for result in model.RESULTS:
        unit = pretty_unit(result.units)
        over = f" over ({', '.join(result.dims)})" if result.dims else ""
        notes = [f"valid for {result.valid}"] if result.valid else []
        notes += [f"exists {result.exists}"] if result.exists else []
        notes += ["with its standard error"] if result.error else []
        click.echo(f"  {result.name}{f' [{unit}]' if unit else ''}{over}: {result.long_name}")
        if notes:
            click.echo(f"      {'; '.join(notes)}")
    if subject.presets:
        click.echo("\nNamed parameter sets")
        for name, preset in subject.presets.items():
            click.echo(f"  {name}: {_changed(instance, preset)}")


def _changed(default: Model, preset: Model) -> str:
    """Where a preset differs from the defaults."""
    from .parameters import read_parameters

    usual = {parameter.path: parameter.shown for parameter in read_parameters(default)}
    changed = [f"{p.path} {p.shown}" for p in read_parameters(preset) if usual.get(p.path) != p.shown]
    return ", ".join(changed) or "the defaults"


def _run_command(subject: Subject, entry: Entry) -> click.Command:
    parameters = _all_parameters(subject)
    names = {_identifier(parameter.path): parameter for parameter in parameters}

    def callback(**given: Any) -> None:
        changes = {
            parameter.path: _read(parameter, given[name])
            for name, parameter in names.items()
            if given[name] is not None
        }
        _run(subject, changes, given)

    options = [_option(parameter) for parameter in parameters]
    return click.Command(
        entry.name, callback=callback, params=[*_fixed_options(tuple(subject.presets)), *options], help=entry.summary
    )


def _all_parameters(subject: Subject) -> list[Parameter]:
    """Those of the defaults and of all presets (which may have more entries in a list), but no arrays."""
    from .parameters import read_parameters

    assert subject.model is not None
    found: dict[str, Parameter] = {}
    for instance in (subject.model(), *subject.presets.values()):
        for parameter in read_parameters(instance):
            if parameter.kind in ("number", "choice"):
                found.setdefault(parameter.path, parameter)
    return list(found.values())


def _run(subject: Subject, changes: dict[str, Any], given: dict[str, Any]) -> None:
    from .files import write_dataset

    model = subject.model
    assert model is not None
    instance = model()
    if given["preset"] is not None:
        instance = subject.presets[given["preset"]]
    if given["quick"]:
        instance = instance.replace(**model.quick)
    if changes:
        instance = instance.replace(**changes)
    out: Path | None = given["out"]
    progress = given["progress"] and sys.stderr.isatty()
    dataset = instance.run(seed=given["seed"], replicates=given["replicates"], progress=progress)
    if out is not None:
        write_dataset(out, dataset)
        click.echo(f"{out}")
        return
    _print_results(instance, dataset)


def _print_results(instance: Model, dataset: xr.Dataset) -> None:
    from ..core.model import summarize
    from .report import result_lines

    many = "replicate" in dataset.dims
    lines = result_lines(instance, summarize(dataset) if many else dataset)
    width = max((len(line.name) for line in lines), default=0)
    longest = max((len(line.value) for line in lines), default=0)
    for line in lines:
        remark = f" ({line.remark})" if line.remark else ""
        click.echo(f"{line.name:<{width}}  {line.value:<{longest}}  {line.words}{remark}")
    if many:
        click.echo(f"means and standard errors of {dataset.sizes['replicate']} replicates")


def _fixed_options(presets: tuple[str, ...]) -> list[click.Parameter]:
    choice = click.Choice(presets)
    return [
        click.Option(["--preset"], type=choice, help="Start from a named parameter set.", hidden=not presets),
        click.Option(["--seed"], type=int, default=0, show_default=True, help="Any whole number of at least 0."),
        click.Option(["--replicates"], type=int, default=1, show_default=True, help="Independent repetitions."),
        click.Option(["--quick"], is_flag=True, help="Small sizes."),
        click.Option(
            ["--out"],
            type=click.Path(path_type=Path, dir_okay=False),
            help="NetCDF file to write; without it, a summary.",
        ),
        click.Option(["--progress/--no-progress"], default=True, help="Show a bar (on a terminal)."),
    ]


def _option(parameter: Parameter) -> click.Option:
    limits = ", ".join(parameter.choices) or parameter.bounds
    words = f"{parameter.doc} [{parameter.shown}{f'; {limits}' if limits else ''}]"
    return click.Option([parameter.option, _identifier(parameter.path)], metavar="VALUE", help=words)


def _bare_option(path: str) -> click.Option:
    return click.Option([f"--{path.replace('_', '-')}", _identifier(path)])


def _identifier(path: str) -> str:
    """A name that cannot be one of the fixed options, for ``--proteins.0.valence``."""
    return "parameter_" + path.replace(".", "__")


def _read(parameter: Parameter, text: str) -> Any:
    """The string goes to the model as it is, which reads its unit; only None needs a word."""
    return None if parameter.optional and text.strip().lower() == "none" else text
