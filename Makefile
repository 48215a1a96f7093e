# Everything one does here, in one place. `make help` explains each target.
BUILD := build
# For run and demo: paynow, qashier, convergegate or paymentkit.
PROVIDER := paynow

# How to configure: the preset ci takes warnings for errors, and is what our own builds use.
PRESET := default

.DEFAULT_GOAL := help
.PHONY: help run demo test faults security build install lint format asan tsan sdk-check fuzz peers bench instructions allocations waiting scaling ledger-bench events-bench soak overload rolling-restart service-config clean contracts contract recipes
.PHONY: examples events-memory list-memory debian13 ubuntu2404 protos protos-check browser-check
.PHONY: image image-check k8s-check k8s-e2e dashboard-check

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, start sandboxes and gateway, make a checkout, show where to pay it, serve until Ctrl-C (PROVIDER=qashier: another API)
	@PROVIDER=$(PROVIDER) exec tools/scripts/run.sh run $(BUILD)

demo: build ## the same once: make a checkout, pay it, verify its webhook, show what was paid, stop everything
	@PROVIDER=$(PROVIDER) exec tools/scripts/run.sh demo $(BUILD)

test: install ## build everything and run all tests
	cmake --preset $(PRESET) >$(BUILD)-configure.log || { cat $(BUILD)-configure.log; exit 1; }
	cmake --build $(BUILD)
	ctest --test-dir $(BUILD) --output-on-failure -j 2

faults: install ## commit every fault of the matrix on the wire, and print a row for each
	@[ -f $(BUILD)/build.ninja ] || cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD) --target faults >$(BUILD)/faults-build.log || { cat $(BUILD)/faults-build.log; exit 1; }
	@FAULTS_CALLS=$${FAULTS_CALLS:-100000} tools/scripts/faults.sh $(BUILD)

fuzz: ## search for inputs that break a promise, FUZZ_SECONDS (60) for each target
	@tools/scripts/install-packages.sh tools/scripts/packages.txt tools/scripts/packages-fuzz.txt
	cmake --preset fuzz
	cmake --build $(BUILD)-fuzz --target fuzz_targets
	tools/scripts/fuzz.sh $(BUILD)-fuzz $${FUZZ_SECONDS:-60}

peers: ## try connections against nginx, haproxy and Python, PEER_ROUNDS (30) times, and a host that vanishes (as root: all of it)
	@tools/scripts/install-packages.sh tools/scripts/packages.txt tools/scripts/packages-peers.txt
	@cmake --preset default >/dev/null
	@cmake --build $(BUILD) --target peers_tests >$(BUILD)/peers-build.log || { cat $(BUILD)/peers-build.log; exit 1; }
	PEER_ROUNDS=$${PEER_ROUNDS:-30} ctest --test-dir $(BUILD) -L peers -V

bench: ## measure a call beside its floors and a peer in Rust, ROUNDS (5) times (BEFORE=PROGRAM: beside another gateway); wants a quiet machine
	@tools/scripts/install-packages.sh tools/scripts/packages.txt tools/scripts/packages-bench.txt
	cmake --preset $(PRESET)
	cmake --build $(BUILD) --target bench_programs
	$(BUILD)/codec_bench --benchmark_min_time=1
	tests/bench/run.py $(BUILD) $(BUILD)/bench.json $${ROUNDS:-5} $${BEFORE:+--before $$BEFORE}
	tests/bench/plot.py $(BUILD)/bench.json $(BUILD)/bench.svg

instructions: ## count the instructions of each stage of a call; fails where one grew by 3 % (UPDATE=--update: write them)
	@tools/scripts/install-packages.sh tools/scripts/packages.txt tools/scripts/packages-bench.txt
	@cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD) --target stages >$(BUILD)/instructions-build.log || { cat $(BUILD)/instructions-build.log; exit 1; }
	@tests/bench/instructions.py $(BUILD) $(UPDATE)

allocations: ## count the allocations of one call, by who makes them, and the ten places of ours with the most
	@tools/scripts/install-packages.sh tools/scripts/packages.txt tools/scripts/packages-bench.txt
	@cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD) --target load_programs >$(BUILD)/load-build.log || { cat $(BUILD)/load-build.log; exit 1; }
	@tests/bench/allocations.py $(BUILD)

waiting: ## measure the memory of a waiting call, with 1,000 on connections and more in the queue
	@tools/scripts/install-packages.sh tools/scripts/packages.txt tools/scripts/packages-bench.txt
	@cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD) --target load_programs >$(BUILD)/load-build.log || { cat $(BUILD)/load-build.log; exit 1; }
	@tests/bench/waiting.py $(BUILD) $(BUILD)/waiting.json

ledger-bench: ## measure what a ledger costs beside the syncs of the disk (LEDGER_ENTRIES=N: and with N entries in it; BEFORE=PROGRAM)
	@tools/scripts/install-packages.sh tools/scripts/packages.txt tools/scripts/packages-bench.txt
	@cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD) --target load_programs >$(BUILD)/load-build.log || { cat $(BUILD)/load-build.log; exit 1; }
	@tests/bench/ledger.py $(BUILD) $(BUILD)/ledger.json $${ROUNDS:-3} --entries $${LEDGER_ENTRIES:-0} --folder $(BUILD) $${BEFORE:+--before $$BEFORE}

events-bench: ## measure what a received webhook costs beside the syncs of the disk, ROUNDS (3) times
	@tools/scripts/install-packages.sh tools/scripts/packages.txt tools/scripts/packages-bench.txt
	@cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD) --target load_programs >$(BUILD)/load-build.log || { cat $(BUILD)/load-build.log; exit 1; }
	@tests/bench/events.py $(BUILD) $(BUILD)/events.json $${ROUNDS:-3} --folder $(BUILD)

scaling: ## measure what a call costs as clients, stores, methods, processors and event loops grow, ROUNDS (3) times; wants a quiet machine
	@tools/scripts/install-packages.sh tools/scripts/packages.txt tools/scripts/packages-bench.txt
	@cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD) --target load_programs >$(BUILD)/load-build.log || { cat $(BUILD)/load-build.log; exit 1; }
	@tests/bench/scaling.py $(BUILD) $(BUILD)/scaling.json $${ROUNDS:-3}

security: install ## attack a running gateway in every way of the table, and print a row for each
	@[ -f $(BUILD)/build.ninja ] || cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD) --target security >$(BUILD)/security-build.log || { cat $(BUILD)/security-build.log; exit 1; }
	@LABEL=security tools/scripts/faults.sh $(BUILD)

build: install ## build what `make run` starts
	@[ -f $(BUILD)/build.ninja ] || cmake --preset $(PRESET)
	@cmake --build $(BUILD) --target billing-gateway provider-sandbox grpc-call

install: ## install the Debian packages that are missing
	@tools/scripts/install-packages.sh tools/scripts/packages.txt

lint: ## check format, run clang-tidy and ShellCheck
	@tools/scripts/install-packages.sh tools/scripts/packages.txt tools/scripts/packages-lint.txt
	clang-format --dry-run -Werror $$(git ls-files '*.h' '*.cc')
	shellcheck $$(git ls-files '*.sh') .ci/run
	cmake --preset dev >/dev/null
	cmake --build $(BUILD)-dev --target generated
	tools/scripts/clang-tidy.sh $(BUILD)-dev
	@echo "lint: clean"

format: ## put all sources into format
	@tools/scripts/install-packages.sh tools/scripts/packages-lint.txt
	clang-format -i $$(git ls-files '*.h' '*.cc')

asan: install ## run all tests under AddressSanitizer and UndefinedBehaviorSanitizer
	cmake --preset asan
	cmake --build $(BUILD)-asan
	ctest --test-dir $(BUILD)-asan --output-on-failure

tsan: install ## run all tests under ThreadSanitizer
	cmake --preset tsan
	cmake --build $(BUILD)-tsan
	ctest --test-dir $(BUILD)-tsan --output-on-failure
	@echo "tsan: the gateway as a process"
	cmake --preset $(PRESET) >/dev/null
	cmake --build $(BUILD)
	GATEWAY_UNDER_TEST=$(CURDIR)/$(BUILD)-tsan/billing-gateway \
	TSAN_OPTIONS=ignore_noninstrumented_modules=1:suppressions=$(CURDIR)/tests/tsan.supp \
	ctest --test-dir $(BUILD) -L load --output-on-failure

sdk-check: build ## call every operation of the sandbox with a TypeScript SDK: PayNow's, or one generated from SPEC or the contract
	@SPEC=$(SPEC) tests/sdk/sdk-check.sh $(BUILD)

recipes: build ## run the documents' recipes with the real grpcurl, and start evans and grpcui by reflection (all built by Go)
	@tests/clients/clients.sh $(BUILD)

browser-check: build ## pay, decline, put off and expire checkouts of all four providers in a headless Chromium; look at every page of the window
	tests/browser/browser-check.sh $(BUILD) $(BUILD)/browser

soak: build ## half load with faults for SOAK_MINUTES (1): nothing may grow, nothing be stuck
	@cmake --build $(BUILD) --target soak_test
	SOAK_MINUTES=$${SOAK_MINUTES:-1} $(BUILD)/soak_test

overload: build ## ten times what upstreams can take, held to the figures of a quiet machine
	@cmake --build $(BUILD) --target overload_test
	OVERLOAD=1 $(BUILD)/overload_test --gtest_also_run_disabled_tests

rolling-restart: build ## restart one of two gateways, RESTARTS (20) times in turn, under load
	@cmake --build $(BUILD) --target rolling_restart_test
	RESTARTS=$${RESTARTS:-20} $(BUILD)/rolling_restart_test

contract: install ## take PayNow's next contract: SPEC=management-api.json [WEBHOOKS=webhook-definitions.json]; protos, sandbox, counts, tests, report
	@[ -n "$(SPEC)" ] || { echo "SPEC=management-api.json [WEBHOOKS=webhook-definitions.json]"; exit 2; }
	@[ -f $(BUILD)/build.ninja ] || cmake --preset $(PRESET) >/dev/null
	@code=0; tools/scripts/contract.sh $(BUILD) $(SPEC) $(WEBHOOKS) || code=$$?; \
	case $$code in 0|3|4) ;; *) exit $$code ;; esac

contracts: install ## apply all versions of PayNow's contract in the folder SPECS, and check what each does to numbers and comments
	@[ -n "$(SPECS)" ] || { echo "SPECS=folder with NAME-management.json, NAME-webhooks.json, also as .xz"; exit 2; }
	@[ -f $(BUILD)/build.ninja ] || cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD) --target apigen >$(BUILD)/apigen-build.log || { cat $(BUILD)/apigen-build.log; exit 1; }
	@tools/scripts/contracts.py $(SPECS) --apigen $(BUILD)/apigen

protos: ## pack the protos for other repositories: build/billing-gateway-protos-VERSION.tar.gz
	@tools/scripts/install-packages.sh tools/scripts/packages.txt
	@tools/scripts/protos.sh $(BUILD)

protos-check: ## compile what protoc makes of all protos in each language, and run buf (AGAINST=REVISION: buf breaking too)
	@tools/scripts/install-packages.sh tools/scripts/packages.txt
	@tools/scripts/protos_check.sh $(BUILD) $(AGAINST)

service-config: ## write docs/clients/service-config.json from the protos
	@cmake --build $(BUILD) --target service-config >/dev/null
	$(BUILD)/service-config > docs/clients/service-config.json

examples: build ## build and run a shop in Python, Go, TypeScript and Java against the sandbox (LANGUAGES="go java": only those)
	examples/run.sh $(BUILD) $(LANGUAGES)

events-memory: build ## stream events to a slow consumer for EVENT_SECONDS (600), and look at the gateway's memory
	@cmake --build $(BUILD) --target event_stream_test >$(BUILD)/events-build.log || { cat $(BUILD)/events-build.log; exit 1; }
	EVENT_SECONDS=$${EVENT_SECONDS:-600} $(BUILD)/event_stream_test

list-memory: build ## stream LIST_ORDERS (1000000) orders to a slow reader, and look at the gateway's memory
	@cmake --build $(BUILD) --target list_stream_test >$(BUILD)/list-build.log || { cat $(BUILD)/list-build.log; exit 1; }
	LIST_ORDERS=$${LIST_ORDERS:-1000000} $(BUILD)/list_stream_test

debian13: ## run make TARGET (demo) on Debian 13, in a root that debootstrap makes (as root)
	tools/scripts/other_system.sh debian13 $${TARGET:-demo}

ubuntu2404: ## run make TARGET (demo) on Ubuntu 24.04, in such a root
	tools/scripts/other_system.sh ubuntu2404 $${TARGET:-demo}

image: ## build the images of gateway and sandbox with buildah (Debian packages; no Docker)
	deploy/image/image.sh

image-check: build ## run the images unprivileged, read-only and limited, under load; print size and start time
	deploy/image/image-check.sh $(BUILD)

k8s-check: ## check manifests, alert rules and their tests without a cluster; refuse 61 typical mistakes
	deploy/check/k8s-check.sh

k8s-e2e: build ## roll the images out on a real one-node Kubernetes, and lose no call (root; builds Kubernetes once)
	@cmake --build $(BUILD) --target steady-load
	deploy/e2e/k8s-e2e.sh $(BUILD)

dashboard-check: build ## scrape a loaded gateway with Prometheus: every panel and alert finds its metrics
	@tools/scripts/install-packages.sh deploy/check/packages-k8s.txt
	/usr/bin/python3 deploy/check/dashboard_check.py $(BUILD)

clean: ## remove everything that was built
	rm -rf $(BUILD) $(BUILD)-*
