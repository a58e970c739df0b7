"""What a user sees is complete: exported names, help pages, examples, errors."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path

import pytest

from polaris_core import errors

ROOT = Path(__file__).resolve().parent.parent
NODE_IDS = sorted(
    node_id
    for file in (ROOT / "nodes").glob("*.py")
    for node_id in re.findall(r'node_id="(\w+)"', file.read_text("utf-8"))
)
API_WORKFLOWS = sorted((ROOT / "example_workflows" / "api").glob("*.json"))


def modules() -> list[str]:
    files = (ROOT / "polaris_core").rglob("*.py")
    return sorted(
        ".".join(f.relative_to(ROOT).with_suffix("").parts)
        for f in files
        if not f.name.startswith("__")
    )


@pytest.mark.parametrize("name", modules())
def test_exported_names_exist_once(name):
    module = importlib.import_module(name)  # that they are sorted is the linter's to say
    assert len(set(module.__all__)) == len(module.__all__) > 0
    assert all(hasattr(module, item) for item in module.__all__)


def test_every_error_is_drawn_in_the_tree():
    drawn = set(re.findall(r"\b([A-Z]\w+)\b(?= {2,}|\n)", errors.__doc__ or ""))
    classes = {
        name
        for name, item in vars(errors).items()
        if inspect.isclass(item) and issubclass(item, errors.PolarisError)
    }
    assert classes == set(errors.__all__)
    assert classes <= drawn


def test_an_error_says_what_was_wrong_with_the_value_and_what_to_do():
    error = errors.InvalidInput("no such thing", value="x" * 1000, hint="Try y")
    assert str(error).startswith("no such thing: xxx")
    assert str(error).endswith("… (1000 characters). Try y")


def test_there_are_nodes_and_their_ids_are_ours():
    assert len(NODE_IDS) >= 5
    assert len(set(NODE_IDS)) == len(NODE_IDS)
    assert all(node_id.startswith("Polaris") for node_id in NODE_IDS)


@pytest.mark.parametrize("node_id", NODE_IDS)
def test_every_node_has_a_help_page(node_id):
    page = (ROOT / "web" / "docs" / f"{node_id}.md").read_text("utf-8")
    assert len(page) > 300


@pytest.mark.parametrize("node_id", NODE_IDS)
def test_every_help_page_has_a_picture_and_an_example_that_is_run_by_the_tests(node_id):
    docs = ROOT / "web" / "docs"
    page = (docs / f"{node_id}.md").read_text("utf-8")
    pictures = re.findall(r"!\[[^\]]{10,}\]\((\w[\w.-]*)\)", page)
    assert f"{node_id}.jpg" in pictures
    assert all((docs / picture).stat().st_size > 1000 for picture in pictures)
    names = re.findall(r"\*(polaris_\w+)\*", page.partition("## Example")[2])
    examples = {file.stem: json.loads(file.read_text("utf-8")) for file in API_WORKFLOWS}
    assert names
    assert all(node_id in {n["class_type"] for n in examples[name].values()} for name in names)


@pytest.mark.parametrize("node_id", NODE_IDS)
def test_every_node_stands_in_an_example_workflow_and_in_the_readme(node_id):
    used = {n["class_type"] for f in API_WORKFLOWS for n in json.loads(f.read_text()).values()}
    assert node_id in used
    assert node_id in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("api", API_WORKFLOWS, ids=lambda f: f.stem)
def test_every_example_has_both_forms_and_a_thumbnail(api):
    graph = ROOT / "example_workflows" / api.name
    assert graph.with_suffix(".jpg").stat().st_size > 1000
    nodes = {str(n["id"]): n for n in json.loads(graph.read_text("utf-8"))["nodes"]}
    for node_id, node in json.loads(api.read_text("utf-8")).items():
        assert nodes[node_id]["type"] == node["class_type"]
        assert None not in nodes[node_id].get("widgets_values", [])  # ComfyUI would read "None"


def test_the_version_is_the_same_everywhere():
    from polaris_core import __version__

    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
