"""The house rules that a machine can check: which room may include which, what lies where."""
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ["base", "video", "detect", "locate", "fuse", "alarm", "judge", "console"]  # in the order of the data
APART = {"world": ["base"]}  # programs of their own: a room and what it may include
TOP = {"engine", "plugins", "models", "tests", "configs", "meson.build", "meson_options.txt",
       "Makefile", "LICENSE", "README.md", ".ci", ".clang-format", ".clang-tidy", ".editorconfig",
       ".gitignore"}
SHAPELESS = re.compile(r"(^|_)(utils?|common|misc|helpers?|manager|stuff)(_|\.|$)")
LONGEST = 1000


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout.splitlines()
    return [Path(name) for name in listed if (ROOT / name).exists()]


def allowed_rooms(room):
    if room in APART:
        return {room, *APART[room]}
    return set(ROOMS[:ROOMS.index(room) + 1])


def includes(path):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', (ROOT / path).read_text(), re.M)


def sources():
    return tracked("engine/*.c", "engine/*.h", "engine/*.cpp")


def test_a_file_includes_only_its_own_room_and_rooms_before_it():
    wrong = []
    for path in sources():
        room = path.parts[1] if len(path.parts) > 2 else None
        if room is None:
            continue  # engine/*.c join the rooms
        assert room in ROOMS or room in APART, f"{path}: '{room}' is not a room"
        for name in includes(path):
            target = name.split("/")[0] if "/" in name else None
            if name == "linhuo_detector.h":
                target = "detect"
            if target is None or target not in allowed_rooms(room):
                wrong.append(f"{path} includes \"{name}\"")
    assert not wrong, "\n".join(wrong)


def test_headers_include_each_other_in_one_direction():
    graph = {str(p.relative_to("engine")): includes(p) for p in tracked("engine/*.h")}
    done, path = set(), []

    def visit(header):
        assert header not in path, "a circle: " + " -> ".join([*path, header])
        if header in done or header not in graph:
            return
        path.append(header)
        for name in graph[header]:
            visit(name)
        path.pop()
        done.add(header)

    for header in graph:
        visit(header)


def test_only_the_agreed_things_stand_at_the_top():
    assert {p.parts[0] for p in tracked()} <= TOP


def test_every_folder_a_newcomer_enters_has_a_readme():
    folders = ["engine", "plugins", "models", "tests", "configs"]
    assert [f for f in folders if not (ROOT / f / "README.md").exists()] == []


def test_names_say_where_a_thing_belongs():
    assert [str(p) for p in tracked() if SHAPELESS.search(p.name)] == []


def test_no_file_is_too_long_to_read():
    long = [f"{p}: {n} lines" for p in tracked("*.c", "*.h", "*.cpp", "*.py")
            if (n := len((ROOT / p).read_text().splitlines())) > LONGEST]
    assert not long, "\n".join(long)


def test_the_plugin_header_stands_alone(tmp_path):
    header = ROOT / "plugins" / "linhuo_detector.h"
    for compiler, language, standard in [("gcc", "c", "c99"), ("gcc", "c", "c11"),
                                         ("clang", "c", "c99"), ("g++", "c++", "c++11")]:
        subprocess.run([compiler, f"-std={standard}", "-pedantic", "-Wall", "-Wextra", "-Werror", "-x",
                        language, "-fsyntax-only", str(header)], check=True)


def test_every_header_compiles_alone():
    for header in tracked("engine/*.h"):
        if header.parts[1] == "world":
            continue
        subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-Iengine", "-Iplugins", "-x", "c",
                        "-fsyntax-only", str(header)], cwd=ROOT, check=True)
