#!/usr/bin/python3
"""Runs every test there is and ends with one line, "N passed, N failed".

Stages: the programs (as users get them), the same under address and undefined-behaviour
sanitizers for the unit tests, under the thread sanitizer where threads meet, the end-to-end tests
against real servers.

    tests/run.py                 everything
    tests/run.py units e2e       only these stages (build, lint, units, threads, fuzz, e2e)
"""
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGES = ["build", "lint", "units", "threads", "fuzz", "e2e"]


class Tally:
    """What happened so far, and the names of what failed."""

    def __init__(self):
        self.passed, self.failed, self.skipped, self.failures = 0, 0, 0, []

    def add_junit(self, path, stage):
        """Counts the cases of a JUnit file; a missing file is one failure."""
        if not path.exists():
            self.fail(f"{stage}: no report, the stage did not run")
            return
        for case in xml.parse(path).getroot().iter("testcase"):
            name = f"{stage}: {case.get('classname', '')} {case.get('name', '')}".strip()
            if case.find("failure") is not None or case.find("error") is not None:
                self.fail(name)
            elif case.find("skipped") is not None:
                self.skipped += 1
            else:
                self.passed += 1

    def step(self, name, command, **more):
        """One command that counts as one test."""
        print(f"\n== {name}", flush=True)
        begun = time.monotonic()
        status = subprocess.run(command, cwd=ROOT, **more).returncode
        print(f"== {name}: {'ok' if status == 0 else f'exit {status}'}, "
              f"{time.monotonic() - begun:.0f} s", flush=True)
        if status == 0:
            self.passed += 1
        else:
            self.fail(name)
        return status == 0

    def fail(self, name):
        self.failed += 1
        self.failures.append(name)


def build(tally, folder, options=(), env=None):
    """Configures where needed and compiles; one test a folder."""
    environment = {**os.environ, **(env or {})}
    werror = ["-Dwerror=true"] if os.environ.get("CI") else []
    if not (ROOT / folder / "build.ninja").exists():
        if not tally.step(f"configure {folder}", ["meson", "setup", folder, *werror, *options],
                          env=environment, stdout=subprocess.DEVNULL):
            return False
    return tally.step(f"compile {folder}", ["ninja", "-C", folder, "--quiet"], env=environment)


def unit_tests(tally, folder, suites=(), timeout_factor="2"):
    """meson test; each program is one test."""
    report = ROOT / folder / "meson-logs" / "testlog.junit.xml"
    report.unlink(missing_ok=True)
    chosen = [word for suite in suites for word in ("--suite", suite)]
    print(f"\n== unit tests in {folder}", flush=True)
    subprocess.run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs",
                    "-t", timeout_factor, *chosen], cwd=ROOT,
                   env={**os.environ, "LINHUO_ROOT": str(ROOT), **sanitizer_options()})
    tally.add_junit(report, folder)


def sanitizer_options():
    """Every report ends the program; TSan and LSan know which libraries are not ours."""
    return {
        "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1",
        "LSAN_OPTIONS": f"suppressions={ROOT}/tests/lsan.supp:print_suppressions=0",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "TSAN_OPTIONS": f"halt_on_error=1:suppressions={ROOT}/tests/tsan.supp",
    }


def stage_units(tally):
    if build(tally, "build-asan", ["-Db_sanitize=address,undefined", "-Db_lundef=false"]):
        unit_tests(tally, "build-asan", timeout_factor="4")


def stage_threads(tally):
    if build(tally, "build-tsan", ["-Db_sanitize=thread", "-Db_lundef=false"]):
        unit_tests(tally, "build-tsan", suites=["tsan"], timeout_factor="6")


def stage_fuzz(tally):
    """libFuzzer for a few seconds on each entry, from the committed corpus."""
    if not build(tally, "build-fuzz", ["-Dfuzz=true", "-Db_sanitize=address,undefined",
                                       "-Db_lundef=false", "-Dworld=disabled"],
                 env={"CC": "clang", "CXX": "clang++"}):
        return
    seconds = os.environ.get("LINHUO_FUZZ_S", "8")
    for entry in sorted((ROOT / "build-fuzz" / "tests" / "fuzz").glob("fuzz_*")):
        if not entry.is_file() or not os.access(entry, os.X_OK):
            continue
        corpus = ROOT / "tests" / "fuzz" / "corpus" / entry.name.removeprefix("fuzz_")
        fresh = ROOT / "build-fuzz" / "corpus" / entry.name
        fresh.mkdir(parents=True, exist_ok=True)
        tally.step(f"{entry.name} for {seconds} s",
                   [str(entry), f"-max_total_time={seconds}", "-rss_limit_mb=2048",
                    "-verbosity=0", f"-artifact_prefix={fresh}/", str(fresh), str(corpus)],
                   env={**os.environ, **sanitizer_options()})


def stage_e2e(tally):
    report = ROOT / "build" / "e2e.junit.xml"
    report.unlink(missing_ok=True)
    print("\n== end to end", flush=True)
    subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-ra", "--durations=15",
                    "-p", "no:cacheprovider", f"--junitxml={report}", "tests/e2e", "tests/layout"],
                   cwd=ROOT, env={**os.environ, "LINHUO_BIN": str(ROOT / "build" / "linhuo"),
                                  "LINHUO_BUILD": str(ROOT / "build")})
    tally.add_junit(report, "e2e")


def stage_lint(tally):
    tally.step("lint", ["/usr/bin/python3", "tests/lint.py", "--build", "build"])


def main():
    chosen = sys.argv[1:] or STAGES
    if any(stage not in STAGES for stage in chosen):
        sys.exit(__doc__)
    tally = Tally()
    built = build(tally, "build")
    for stage in chosen:
        if stage == "build" or (not built and stage in ("e2e", "lint")):
            continue
        begun = time.monotonic()
        globals()[f"stage_{stage}"](tally)
        print(f"== stage {stage}: {time.monotonic() - begun:.0f} s", flush=True)
    print()
    for name in tally.failures:
        print(f"FAILED {name}")
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
