#!/bin/sh
# Run a command while the model server of this directory answers on loopback. Usage: with_server.sh COMMAND...
set -eu
ready=$(mktemp -u)
mkfifo "$ready"
python3 "$(dirname "$0")/model_server.py" --ready "$ready" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -f "$ready"' EXIT
read -r _ <"$ready" || { echo "with_server.sh: the model server did not start." >&2; exit 1; }
"$@"
