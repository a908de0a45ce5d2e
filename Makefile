# The front door. `make help` lists what it opens.

BUILD ?= build
PYTHON := /usr/bin/python3
RUNTIME := .deps/onnxruntime

# What Debian 12 must have; the README says why each is there.
PACKAGES_BUILD := build-essential pkg-config meson ninja-build \
    libavformat-dev libavcodec-dev libavutil-dev libswscale-dev \
    libcurl4-openssl-dev libxml2-dev \
    libyaml-dev libzmq3-dev libsqlite3-dev libjansson-dev libexif-dev \
    libpango1.0-dev fonts-dejavu-core \
    libopencv-dev libgdal-dev libproj-dev \
    libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstrtspserver-1.0-dev \
    gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad \
    python3 libcmocka-dev
PACKAGES_TEST := ffmpeg libxml2-utils vlc-bin vlc-plugin-base openssl \
    python3-pip python3-pytest python3-zmq python3-jsonschema python3-numpy python3-pil python3-yaml \
    clang clang-tidy clang-format cppcheck libclang-rt-14-dev

# Installs those of the given packages that are missing; says what to do where it may not.
define install
@missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
if [ -n "$$missing" ]; then \
    echo "installing:" $$missing; \
    if [ "$$(id -u)" = 0 ]; then as=env; elif command -v sudo >/dev/null; then as="sudo env"; \
    else echo "please install as root: apt-get install" $$missing >&2; exit 1; fi; \
    $$as DEBIAN_FRONTEND=noninteractive sh -c "apt-get update -qq && apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $$(echo $$missing)" >/tmp/linhuo-install.$$$$ 2>&1 \
    || { tail -n 20 /tmp/linhuo-install.$$$$ >&2; rm -f /tmp/linhuo-install.$$$$; exit 1; }; \
    rm -f /tmp/linhuo-install.$$$$; \
fi
endef

.PHONY: help build demo accuracy scenarios test bench lint format deps deps-test runtime clean

help:
	@echo 'make demo            a small county on this machine: four cameras, a satellite, a fire, alarms; about 90 s'
	@echo 'make demo KEEP=1     the same, running on until Ctrl-C'
	@echo 'make demo FOOTAGE=D  the same with the recorded clips of folder D as cameras'
	@echo 'make scenarios       twelve cases, from satellite alone to ban season: what is believed, and why'
	@echo 'make accuracy        how far positions are off on real terrain, and whether they say so'
	@echo 'make test            every test, with sanitizers; ends with "N passed, N failed"'
	@echo 'make build           the programs, in $(BUILD)/'
	@echo 'make bench           speed, as ratios to a floor measured in the same run'
	@echo 'make lint            clang-format, clang-tidy, cppcheck'
	@echo 'make format          lays the sources out with clang-format'
	@echo 'make clean           removes what was built'

deps:
	$(call install,$(PACKAGES_BUILD))
	@[ -e $(RUNTIME)/lib/libonnxruntime.so.1 ] || [ -n "$$ONNXRUNTIME_DIR" ] || pkg-config --exists libonnxruntime \
	|| $(MAKE) --no-print-directory runtime \
	|| echo "no ONNX Runtime: networks will not run, all else will; 'make runtime' tries again" >&2

# Debian 12 has no package of it. npm is large, and only needed here.
runtime:
	$(if $(shell command -v npm),,$(call install,npm))
	@plugins/onnx/fetch_runtime.sh $(RUNTIME)

deps-test: deps
	$(call install,$(PACKAGES_TEST))
	@$(MAKE) -s --no-print-directory -f tests/video/live555.mk PYTHON=$(PYTHON) \
	|| echo "no live555: the tests that read its RTSP server are skipped; 'make deps-test' tries again" >&2
	@[ -d .deps/ipycam/ipycam ] || $(PYTHON) -m pip install --quiet --require-hashes -r tests/e2e/ipycam.txt --no-deps \
	    --no-cache-dir --root-user-action=ignore --timeout 30 --retries 1 --target .deps/ipycam \
	|| echo "no ipycam: the test that asks its ONVIF service is skipped; 'make deps-test' tries again" >&2

$(BUILD)/build.ninja: | deps
	meson setup $(BUILD) >/dev/null

build: deps $(BUILD)/build.ninja
	@[ ! $(RUNTIME)/lib/libonnxruntime.so.1 -nt $(BUILD)/build.ninja ] || meson setup --reconfigure $(BUILD) >/dev/null
	@ninja -C $(BUILD)

demo: build
	$(call install,ffmpeg)
	@$(PYTHON) engine/world/demo.py --build $(BUILD) $(if $(KEEP),--keep) $(if $(FOOTAGE),--footage "$(FOOTAGE)")

scenarios: build
	$(call install,python3-numpy python3-yaml)
	@$(PYTHON) tests/scenario/play.py --linhuo $(BUILD)/linhuo

accuracy: build
	@$(BUILD)/tests/locate/accuracy --fires 50 || [ $$? = 77 ]
	@$(BUILD)/tests/locate/accuracy --fires 1000 || [ $$? = 77 ]

test: deps-test
	@$(PYTHON) tests/run.py

bench: build
	$(call install,ffmpeg python3-numpy)
	@$(PYTHON) tests/bench/bench.py --build $(BUILD)
	@$(BUILD)/tests/ray-bench
	@$(PYTHON) tests/bench/bench_hotspots.py --build $(BUILD)
	@$(PYTHON) tests/bench/bench_onnx.py --build $(BUILD)

lint: deps-test $(BUILD)/build.ninja
	@$(PYTHON) tests/lint.py --build $(BUILD)

format: deps-test
	@clang-format -i $$(git ls-files '*.c' '*.h' '*.cpp')

clean:
	rm -rf build build-*
