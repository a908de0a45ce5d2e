"""Detector plugins as their users meet them: `linhuo plugins`, `linhuo check`, and a detector of one's own."""
import json
import os
import shutil
import subprocess

import pytest

from conftest import BUILD, LINHUO, ROOT

HEADER = ROOT / "plugins" / "linhuo_detector.h"


def linhuo(*words):
    return subprocess.run([str(word) for word in (LINHUO, *words)], capture_output=True, text=True,
                          timeout=60)


def list_plugins(*words):
    done = linhuo("plugins", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_name(listing, name):
    return [plugin for plugin in listing["plugins"] if plugin["name"] == name]


@pytest.fixture
def folder(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def own_detector(folder):
    """The template's README followed to the letter, away from the tree."""
    shutil.copy(HEADER, folder / "linhuo_detector.h")
    source = (ROOT / "plugins" / "template" / "template.c").read_text()
    assert source.count('#define NAME "template"') == 1
    (folder / "my_detector.c").write_text(
        source.replace('#define NAME "template"', '#define NAME "my_detector"'))
    command = "cc -shared -fPIC -O2 -I. -o my_detector.so my_detector.c"
    assert command in (ROOT / "plugins" / "template" / "README.md").read_text()
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return folder / "my_detector.so"


def write_site(folder, detectors, plugin_folders=()):
    site = folder / "site.yaml"
    names = ", ".join(str(name) for name in plugin_folders)
    site.write_text(f"site:\n  name: Test\n  data_folder: {folder}/data\n"
                    f"detect:\n  plugin_folders: [{names}]\n"
                    f"detectors:\n{detectors}"
                    "cameras:\n- id: tower-1\n  url: rtsp://127.0.0.1:1/x\n")
    return site


def test_the_projects_own_plugins_are_listed():
    listing = list_plugins()
    for name in ("scripted", "template"):
        (plugin,) = by_name(listing, name)
        assert plugin["usable"] and plugin["version"] and plugin["summary"] and plugin["kinds"]
        assert plugin["path"] == str(BUILD / "plugins" / f"{name}.so")
    (template,) = by_name(listing, "template")
    (step,) = [row for row in template["settings"] if row["name"] == "step"]
    assert step["type"] == "number" and step["default"] == "60" and step["range"] == "1 to 255"
    (scripted,) = by_name(listing, "scripted")
    assert scripted["settings"][0]["required"] and scripted["settings"][0]["default"] is None


def test_every_usable_plugin_explains_its_settings():
    for plugin in list_plugins()["plugins"]:
        for row in plugin.get("settings", []):
            assert row["help"], f"{plugin['name']}: {row['name']} has no help"


def test_the_text_names_what_the_json_names():
    done = linhuo("plugins")
    assert done.returncode == 0
    for plugin in list_plugins()["plugins"]:
        assert plugin["name"] in done.stdout
        for row in plugin.get("settings", []):
            assert row["name"] in done.stdout
    assert str(BUILD / "plugins") in done.stdout


def test_help_and_wrong_usage():
    done = linhuo("plugins", "--help")
    assert done.returncode == 0 and "usage: linhuo plugins" in done.stdout
    assert linhuo("plugins", "--wrong").returncode == 2
    assert linhuo("plugins", "one", "two").returncode == 2
    done = linhuo("plugins", "/nowhere/site.yaml")
    assert done.returncode == 2 and "/nowhere/site.yaml" in done.stderr


def test_a_detector_built_out_of_the_tree_works(folder, own_detector):
    site = write_site(folder, f"- plugin: {own_detector.name}\n  settings:\n    step: 40\n")
    (plugin,) = by_name(list_plugins(site), "my_detector")
    assert plugin["usable"], plugin
    done = linhuo("check", site)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_settings_are_checked_where_they_are_written(folder, own_detector):
    site = write_site(folder, f"- plugin: {own_detector}\n  settings:\n    stp: 40\n"
                              "    min_cells: 2.5\n")
    done = linhuo("check", site)
    said = done.stdout + done.stderr
    lines = site.read_text().splitlines()
    row = next(i for i, line in enumerate(lines, 1) if "stp" in line)
    assert done.returncode == 2, said
    assert f"{site}:{row}:5: 'stp' is no setting" in said and "did you mean 'step'?" in said
    assert f"{site}:{row + 1}:16: 'min_cells' must be a whole number from 1 to 1000" in said


def test_refused_plugins_say_why(folder, own_detector):
    shutil.copy(own_detector, folder / "renamed.so")
    (folder / "text.so").write_text("no plugin\n")
    shutil.copy(own_detector, folder / "open.so")
    (folder / "open.so").chmod(0o666)
    (folder / "later.c").write_text('const void *linhuo_detector_v3(void) { return 0; }\n')
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "later.so", "later.c"], cwd=folder, check=True)
    site = write_site(folder, "- plugin: my_detector\n", [folder])
    listing = list_plugins(site)
    reasons = {plugin["name"]: plugin.get("reason", "") for plugin in listing["plugins"]
               if plugin["path"].startswith(str(folder))}
    assert reasons.pop("my_detector") == ""
    assert "rename the file to my_detector.so" in reasons.pop("renamed")
    assert "is no shared object" in reasons.pop("text")
    assert "anybody on this machine may write" in reasons.pop("open")
    assert "exports linhuo_detector_v3 only" in reasons.pop("later")
    assert not reasons
    done = linhuo("check", site)  # extra files in a folder hurt nobody
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_missing_plugin_is_fatal_and_named(folder):
    site = write_site(folder, "- plugin: smoke_clasic\n")
    done = linhuo("check", site)
    said = done.stdout + done.stderr
    assert done.returncode == 2
    assert "there is no detector plugin 'smoke_clasic'" in said
    if (BUILD / "plugins" / "smoke_classic.so").exists():
        assert "did you mean 'smoke_classic'?" in said
    done = linhuo("run", site)
    assert done.returncode == 2 and "smoke_clasic" in done.stdout + done.stderr


def test_the_first_folder_wins_and_says_so(folder):
    shutil.copy(BUILD / "plugins" / "template.so", folder / "template.so")
    site = write_site(folder, "- plugin: template\n", [folder])
    first, second = by_name(list_plugins(site), "template")
    assert first["path"] == str(folder / "template.so") and "hidden_by" not in first
    assert second["hidden_by"] == first["path"]


@pytest.mark.parametrize("compiler", [["cc", "-x", "c", "-std=c99"], ["c++", "-x", "c++", "-std=c++11"]])
def test_the_header_stands_alone(folder, compiler):
    source = folder / "alone.c"
    source.write_text('#include "linhuo_detector.h"\nint main() { return LINHUO_DETECTOR_ABI - 1; }\n')
    if compiler[0] == "cc":
        source.write_text(source.read_text().replace("main()", "main(void)"))
    done = subprocess.run([*compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                           f"-I{HEADER.parent}", "-o", str(folder / "alone"), str(source)],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert subprocess.run([str(folder / "alone")], timeout=10, env=os.environ).returncode == 0
