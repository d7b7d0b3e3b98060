# Sourced by tests/run, after tests/needs.sh, at the top of the repository: builds all that tests run.
# shellcheck shell=bash

# One set of features for all: a second one would compile most dependencies twice. What is shipped has fewer features;
# .ci/run has it checked.
all=(--workspace --all-features --locked)

# The program of the commit before comes first: for cargo it is the present one at another place, and the one that comes
# last stays.
# shellcheck source=tests/previous.sh
source tests/previous.sh

# Everything in one go, as cargo then has work for all cores. The plugins are libraries that the tests load, not link.
cargo build "${all[@]}" --all-targets
