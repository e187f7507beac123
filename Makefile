# make test is what CI runs; make test-long is for changes to storage, renewal
# and parsers.
SHELL := /bin/bash -o pipefail
.PHONY: build generate test test-long check

sources := cmd internal static templates web
generated = find $(sources) -name '*_templ.go' -print0 | sort -z | xargs -0r sha256sum

build:
	@echo "build: latchkey"
	@CGO_ENABLED=0 go build -trimpath -o latchkey ./cmd/latchkey

generate:
	@echo "generate: templ"
	@go tool templ generate -path templates -log-level error

# Comparing hashes instead of asking git also works in an unpacked archive.
check:
	@.ci/deps
	@echo "check: generated files are up to date"
	@before="$$($(generated))"; go tool templ generate -path templates -log-level error; after="$$($(generated))"; \
	if [ "$$before" != "$$after" ]; then \
		diff <(echo "$$before") <(echo "$$after") | grep '^[<>]'; \
		echo "generated files were stale; they are now written anew: commit them"; exit 1; \
	fi
	@echo "check: gofmt"
	@unformatted="$$(find $(sources) -name node_modules -prune -o -name '*.go' -print0 | xargs -0r gofmt -l)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted:"; echo "$$unformatted"; exit 1; fi
	@echo "check: go vet"
	@go vet ./...
	@echo "check: staticcheck"
	@go tool staticcheck ./...

test: check
	@echo "test: everything, with the race detector"
	@LATCHKEY_STRICT=1 go test -race -timeout 12m ./...

# go test -fuzz takes one target of one package at a time.
test-long: check
	@grep -rlE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz' $(sources) | while read -r file; do \
		grep -oE '^func Fuzz[A-Za-z0-9_]*' "$$file" | while read -r _ target; do \
			echo "test-long: $$target in $$(dirname "$$file"), 60 s"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 60s -fuzzminimizetime 1x "./$$(dirname "$$file")" || exit 1; \
		done || exit 1; \
	done
	@echo "test-long: everything, with the long tests"
	@LATCHKEY_LONG=1 LATCHKEY_STRICT=1 go test -race -timeout 90m ./...
