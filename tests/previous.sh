# Sourced by tests/run, after tests/needs.sh: builds the program as it was a commit ago, which a fleet is upgraded from,
# and names it in QUIETUS_TEST_PREVIOUS. It is built once for a commit, with the dependencies that are compiled already.
# For cargo it is the same program at another place, so the present one is compiled anew after it.
# shellcheck shell=bash

build_previous() {
    local commit=$1 home=$2/$1 sources=$2/sources
    rm -rf "$sources"
    mkdir -p "$sources" "$home"
    # Not with the times of the commit, which cargo could take for older than what it has built.
    git archive "$commit" | tar -x -m -C "$sources"
    # All of it, so that the dependencies have the same features as in the present build.
    cargo build --workspace --locked --manifest-path "$sources/Cargo.toml" --target-dir "$target"
    cp "$target/debug/libhttp_purge.so" "$home/"
    # The program last: where it is, the rest is.
    cp "$target/debug/quietus" "$home/quietus.part"
    mv "$home/quietus.part" "$home/quietus"
    rm -rf "$sources"
    # Those of older commits have served.
    find "$2" -mindepth 1 -maxdepth 1 -type d -mtime +0 -exec rm -rf {} +
}

# A shallow clone has no commit before, and the first commits had no fleet.
if commit=$(git rev-parse --verify --quiet 'HEAD~1^{commit}') && git cat-file -e "$commit:src/ledger/postgres/mod.rs" 2>/dev/null; then
    previous=$(mkdir -p "$tools/previous" && cd "$tools/previous" && pwd)
    (
        flock 9
        if [ ! -x "$previous/$commit/quietus" ]; then build_previous "$commit" "$previous"; fi
    ) 9>"$tools/previous.lock"
    export QUIETUS_TEST_PREVIOUS=$previous/$commit/quietus
fi
