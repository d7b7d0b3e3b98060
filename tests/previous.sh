# Sourced by tests/build.sh: builds the program as it was a commit ago, which a fleet is upgraded from, and names it in
# QUIETUS_TEST_PREVIOUS; or says in QUIETUS_TEST_DECLARED_BREAK why it is not upgraded. Where that commit has not changed
# what two versions share, the present program stands in for the one before, and nothing is built.
# It is built once for a commit, with the dependencies that are compiled already. For cargo it is the same program at
# another place, so the present one is compiled anew after it.
#
# What the admin API was at that commit, and at the last release before it, stands in folders of QUIETUS_TEST_PREVIOUS_API.
# shellcheck shell=bash

# What two versions on one database have in common is the ledger, and what stands in it.
shared=(
    Cargo.lock plugins/sdk/src/identity src/consent src/erasure src/event src/keys src/ledger src/policy src/receipt
    plugins/sdk/src/span.rs src/subject src/worker ':!*/tests/*' ':!*tests.rs' ':!src/ledger/contract*'
)

# Chained, since a failure is the caller's to judge. The sources do not get the times of the commit, which cargo could
# take for older than what it has built; the features are those of all of the workspace, so that the dependencies are the
# same.
build_previous() {
    local commit=$1 home=$2/$1 sources=$2/sources
    rm -rf "$sources" &&
        mkdir -p "$sources" "$home" &&
        git archive "$commit" | tar -x -m -C "$sources" &&
        cargo build "${all[@]}" --bin quietus --manifest-path "$sources/Cargo.toml" --target-dir "$target" &&
        cp "$target/debug/quietus" "$home/quietus.part" &&
        mv "$home/quietus.part" "$home/quietus" &&
        rm -rf "$sources" &&
        # Those of older commits have served.
        find "$2" -mindepth 1 -maxdepth 1 -type d -mtime +0 -exec rm -rf {} +
}

# Until the first release a commit may break with the ledger before it, if its message says why in a trailer
# `Ledger-break: …`: there is nothing to upgrade then. A merge brings the trailers of what it merges.
declared_break() {
    git log --format='%(trailers:key=Ledger-break,valueonly,unfold)' "$1..HEAD" | sed '/^[[:space:]]*$/d'
}

# What the API was, and what was said of its changes: the description and CHANGELOG.md of each commit, in a folder of its
# own. A commit that has no description is left out.
keep_api() {
    local folder=$1 commit
    shift
    rm -rf "$folder"
    for commit in "$@"; do
        git cat-file -e "$commit:docs/openapi.json" 2>/dev/null || continue
        mkdir -p "$folder/$commit" &&
            git show "$commit:docs/openapi.json" >"$folder/$commit/openapi.json" &&
            git show "$commit:CHANGELOG.md" >"$folder/$commit/CHANGELOG.md" || return
    done
    [ ! -d "$folder" ] || (cd "$folder" && pwd)
}

# A shallow clone has no commit before; what was released before it is looked at from there.
if earlier=$(git rev-parse --verify --quiet 'HEAD~1^{commit}'); then
    released=$(git describe --tags --abbrev=0 --match 'v*' "$earlier" 2>/dev/null || true)
    QUIETUS_TEST_PREVIOUS_API=$(keep_api "$tools/previous-api" "$earlier" ${released:+"$released"})
    if [ -n "$QUIETUS_TEST_PREVIOUS_API" ]; then export QUIETUS_TEST_PREVIOUS_API; else unset QUIETUS_TEST_PREVIOUS_API; fi
fi
[ -n "${QUIETUS_TEST_PREVIOUS_API:-}" ] || echo "THE API IS COMPARED WITH NOTHING: the commit before is not here, or has no description" >&2

# A shallow clone has no commit before, and the first commits had no fleet.
if ! commit=$(git rev-parse --verify --quiet 'HEAD~1^{commit}') ||
    ! git cat-file -e "$commit:src/ledger/postgres/mod.rs" 2>/dev/null; then
    echo "there is no commit before this one to upgrade a fleet from" >&2
elif why=$(declared_break "$commit") && [ -n "$why" ]; then
    export QUIETUS_TEST_DECLARED_BREAK=$why
# Beside the last commit, what is not committed counts.
elif git diff --quiet "$commit" -- "${shared[@]}"; then
    echo "the ledger is as it was at the commit before; the present program stands in for that one" >&2
else
    previous=$(mkdir -p "$tools/previous" && cd "$tools/previous" && pwd)
    if (
        flock 9
        [ -x "$previous/$commit/quietus" ] || build_previous "$commit" "$previous"
    ) 9>"$tools/previous.lock"; then
        export QUIETUS_TEST_PREVIOUS=$previous/$commit/quietus
    else
        echo "the commit before, $commit, does not build; a fleet is not upgraded from it" >&2
    fi
fi
