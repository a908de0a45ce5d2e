#!/usr/bin/python3
"""clang-format, cppcheck and clang-tidy over the project's own sources; exit 1 on any complaint.

The build folder must be configured: what each file is compiled with is read from it.
"""
import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKERS = os.cpu_count() or 1


def sources(*patterns):
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True,
                            text=True, check=True).stdout.split()
    return [name for name in listed if (ROOT / name).exists()]


def report(name, output):
    print(f"{name}: {'good' if not output else 'complaints'}", flush=True)
    if output:
        print(output)
    return not output


def check_format():
    files = sources("*.c", "*.h", "*.cpp")
    done = subprocess.run(["clang-format", "--dry-run", "--Werror", *files], cwd=ROOT,
                          capture_output=True, text=True)
    return report("clang-format (make format mends it)", done.stderr if done.returncode else "")


def check_cppcheck(build):
    done = subprocess.run(
        ["cppcheck", f"--project={build}/compile_commands.json", "--quiet", f"-j{WORKERS}",
         "--enable=warning,portability,performance", "--inline-suppr", "--error-exitcode=1",
         "--suppress=missingIncludeSystem", "--suppressions-list=tests/cppcheck.supp",
         "--library=posix,gnu,sqlite3", "--library=tests/cppcheck.cfg",
         "--template={file}:{line}: {id}: {message}"],
        cwd=ROOT, capture_output=True, text=True)
    return report("cppcheck", (done.stderr or done.stdout) if done.returncode else "")


def check_tidy(build):
    commands = json.loads((ROOT / build / "compile_commands.json").read_text())
    wanted = set(sources("*.c", "*.cpp"))
    files = sorted({str((Path(c["directory"]) / c["file"]).resolve().relative_to(ROOT))
                    for c in commands} & wanted)

    def one(name):
        done = subprocess.run(["clang-tidy", "--quiet", "-p", build, "--warnings-as-errors=*", name],
                              cwd=ROOT, capture_output=True, text=True)
        return done.stdout if done.returncode else ""

    with ThreadPoolExecutor(WORKERS) as pool:
        complaints = "".join(pool.map(one, files))
    return report(f"clang-tidy over {len(files)} files", complaints)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", help="a configured build folder")
    build = parser.parse_args().build
    good = [check_format(), check_cppcheck(build), check_tidy(build)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
