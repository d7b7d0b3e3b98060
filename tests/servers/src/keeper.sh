# Keeps a server in a temporary folder of its own. Arguments: the folder for temporary folders, the server's name, and the
# signal that ends it at once. Says which folder it made, then obeys orders on its standard input, each of which it answers
# with a line. The input ends when the test does, however it ends: then the server is stopped and the folder removed.
# shellcheck shell=sh

# Nothing that ends the test, or that comes from its having ended, may end this before it has cleaned up.
trap '' HUP INT QUIT TERM PIPE

temporary=$1 name=$2 signal=$3
server=

stop() {
    if [ -n "$server" ]; then
        kill -s "$1" "$server" 2>/dev/null
        # The shell would tell of a server that was killed.
        wait "$server" 2>/dev/null
        # What it started and left behind.
        kill -s KILL -- "-$server" 2>/dev/null
        server=
    fi
}

folder=$(mktemp -d "$temporary/quietus-$name-XXXXXX") || exit
echo "$folder"
# From here on: whoever reads the test's errors need not wait for the clean-up.
exec 2>>"$folder/log"

while read -r order argument; do
    case $order in
    run)
        eval "$argument" </dev/null >>"$folder/log" 2>&1
        echo $?
        ;;
    start)
        eval "exec setsid $argument" </dev/null >>"$folder/log" 2>&1 &
        server=$!
        echo "$server"
        ;;
    stop)
        stop "$argument"
        echo stopped
        ;;
    esac
done

stop "$signal"
# A server's child that is still at work may write once more.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$folder" 2>/dev/null && break
    sleep 1
done
