# Sourced by tests/run, tests/long and .ci/run, at the top of the repository: installs what building and testing need on Debian or
# Ubuntu, and names the Python that the tests call in QUIETUS_TEST_PYTHON.
# shellcheck shell=bash

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Servers run under accounts of their own here, and each of them writes there. Where somebody has taken that right away, what fails says
# nothing of it.
case $(stat --format=%a /dev/null) in
*[2367]) ;;
*)
    echo "/dev/null is not writable for everybody: putting that right (chmod 666 /dev/null)" >&2
    as_root chmod 666 /dev/null
    ;;
esac

# Installs Debian packages, unless the command that they bring is there.
need() {
    local present=$1
    shift
    if eval "$present" >/dev/null 2>&1; then return; fi
    echo "installing $*" >&2
    as_root apt-get -o DPkg::Lock::Timeout=300 update -q >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -q -y --no-install-recommends "$@" >&2
}

# As `need`, where the package would start a server of its own, that no test asks. Arguments: its unit, then as for `need`.
need_idle() {
    local unit=$1 policy=/usr/sbin/policy-rc.d status=0
    shift
    if eval "$1" >/dev/null 2>&1; then return; fi
    if [ -e $policy ]; then
        need "$@"
    else
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
        need "$@" || status=$?
        as_root rm $policy
    fi
    as_root systemctl disable --quiet "$unit" 2>/dev/null || true
    return $status
}

target=${CARGO_TARGET_DIR:-target}
tools=$target/test-tools
mkdir -p "$tools"

need 'command -v cc && command -v make && echo "#include <stdio.h>" | cc -E -' build-essential
need 'command -v node' nodejs
need 'command -v curl && command -v jq' curl jq
need 'python3 -c "import venv, ensurepip"' python3 python3-venv

has_postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/postgres' || command -v postgres
}

# Where it is new, Debian's package would make and start a server of its own, that no test asks.
if ! has_postgres >/dev/null && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    need false postgresql-common
    echo 'create_main_cluster = false' | as_root tee -a /etc/postgresql-common/createcluster.conf >/dev/null
fi
need has_postgres postgresql

# Its programs alone: the package `mariadb-server` would start a server of its own.
need 'test -x /usr/sbin/mariadbd && command -v mariadb && command -v mariadb-install-db' mariadb-server-core mariadb-client-core

need_idle dovecot 'command -v dovecot && [ -x /usr/lib/dovecot/imap ]' dovecot-imapd
need_idle rabbitmq-server 'test -x /usr/lib/rabbitmq/bin/rabbitmq-server' rabbitmq-server
need_idle pgbouncer 'test -x /usr/sbin/pgbouncer' pgbouncer
need_idle nats-server 'command -v nats-server' nats-server
need_idle exim4 'test -x /usr/sbin/exim4 && id Debian-exim' exim4-daemon-light
need_idle prometheus 'command -v prometheus && command -v promtool' prometheus

# Prints papers, and says what is on the sheets; shows the pages, which tests/browser walks through.
need 'command -v chromium && command -v pdftotext && fc-list | grep -q Serif' chromium poppler-utils fonts-liberation fontconfig

# Debian lets one IMAP server be installed, and that is Dovecot: others' packages are unpacked beside it, and what they link to is
# installed. Arguments: a folder for them, a program in it, the packages.
unpack() {
    local folder=$1 program=$2 made package library missing=()
    shift 2
    if [ -x "$folder/$program" ]; then return; fi
    echo "unpacking $*" >&2
    made=$(mktemp -d "$tools/unpacked-XXXXXX")
    as_root apt-get -o DPkg::Lock::Timeout=300 update -q >&2
    (cd "$made" && apt-get download -q "$@" >&2)
    for package in "$made"/*.deb; do
        dpkg-deb -x "$package" "$made/root"
    done
    # Those that are there stay as they are; and what links to the last two is run by no test.
    for package in "$made"/*.deb; do dpkg-deb -f "$package" Depends; done | tr ',' '\n' |
        sed -n 's/^ *\(lib[^ |]*\).*/\1/p' | grep -Ev '^lib(clamav|zephyr)' | sort -u >"$made/libraries"
    while read -r library; do
        if ! dpkg-query -W -f '${Status}' "$library" 2>/dev/null | grep -q '^install ok'; then missing+=("$library"); fi
    done <"$made/libraries"
    [ ${#missing[@]} -eq 0 ] || need false "${missing[@]}"
    rm -rf "$folder"
    mv "$made/root" "$folder"
    rm -rf "$made"
}
(
    flock 9
    unpack "$tools/courier" usr/bin/imapd courier-imap courier-base courier-authlib
    unpack "$tools/cyrus" usr/lib/cyrus/bin/imapd cyrus-imapd cyrus-common
) 9>"$tools/unpacking"

# Two runs at once make it once; a half-made one is made again.
(
    flock 9
    if ! cmp -s tests/requirements.txt "$tools/requirements.txt"; then
        python3 -m venv --clear "$tools/venv"
        "$tools/venv/bin/pip" install -q --no-input --disable-pip-version-check -r tests/requirements.txt
        cp tests/requirements.txt "$tools/requirements.txt"
    fi
) 9>"$tools/lock"
QUIETUS_TEST_PYTHON=$(cd "$tools/venv/bin" && pwd)/python
export QUIETUS_TEST_PYTHON
