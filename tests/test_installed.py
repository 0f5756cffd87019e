"""The tests look at the installed package, not at the files that happen to lie beside them."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import mesoscale


def test_the_package_under_test_is_the_installed_one():
    distribution = importlib.metadata.distribution("mesoscale")
    location = Path(mesoscale.__file__).resolve()
    direct = json.loads(distribution.read_text("direct_url.json") or "{}")
    if direct.get("dir_info", {}).get("editable"):  # a developer's choice, made knowingly
        return
    assert location == Path(str(distribution.locate_file("mesoscale/__init__.py"))).resolve()
    assert Path(__file__).resolve().parents[1] not in location.parents


def test_version_and_type_information_are_shipped():
    assert mesoscale.__version__ == importlib.metadata.version("mesoscale")
    assert (Path(mesoscale.__file__).parent / "py.typed").exists()


def test_importing_the_front_door_imports_nothing_heavy():
    heavy = ("numpy", "numba", "xarray", "pydantic", "pint")
    code = f"import sys, mesoscale; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_domain_is_imported_without_the_unit_parser():
    code = """if True:
        import sys, mesoscale
        for room in ("materials.fiber", "biology.golgi", "environment.urban"):
            __import__("mesoscale." + room)
        print("pint" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_submodules_are_reached_by_attribute_and_unknown_ones_refused():
    assert mesoscale.core.quantities.Unit("m").symbol == "m"
    assert "materials" in dir(mesoscale)
    for package in (mesoscale, mesoscale.core, mesoscale.materials, mesoscale.biology, mesoscale.environment):
        try:
            _ = package.nowhere
        except AttributeError as error:
            assert "it holds" in str(error)
        else:
            raise AssertionError(package)
