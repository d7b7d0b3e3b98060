# Keeps a server in a temporary folder of its own. Arguments: the folder for temporary folders, the template, the server
# and its settings. Says which folder it made, then obeys orders on its standard input, each of which it answers with a
# line. The input ends when the test does, however it ends: then the server is stopped and the folder removed.
# shellcheck shell=sh

# Nothing that ends the test, or that comes from its having ended, may end this before it has cleaned up.
trap '' HUP INT QUIT TERM PIPE

temporary=$1 template=$2 postgres=$3
shift 3
server=

stop() {
    if [ -n "$server" ]; then
        kill -s "$1" "$server" 2>/dev/null
        wait "$server"
        server=
    fi
}

folder=$(mktemp -d "$temporary/quietus-postgres-XXXXXX") || exit
cp -a --reflink=auto "$template" "$folder/data" && echo "$folder"

while read -r order argument; do
    case $order in
    start)
        "$postgres" -D "$folder/data" -k "$folder" -p "$argument" "$@" </dev/null >>"$folder/log" 2>&1 &
        server=$!
        echo "$server"
        ;;
    stop)
        stop "$argument"
        echo stopped
        ;;
    esac
done

stop QUIT
rm -rf "$folder"
