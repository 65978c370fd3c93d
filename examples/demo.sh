# What `make demo` runs: the four commands of a first day. Usage: demo.sh CASSETTE_COMMAND DIRECTORY
set -eu
cassette=$1 tape=$2
here=$(dirname "$0")

say() { printf '\n\033[1m$ %s\033[m\n' "$*"; }

say "cassette record -o $tape --script examples/demo.yaml -- bash"
"$cassette" record -o "$tape" --overwrite --columns 72 --rows 16 --script "$here/demo.yaml" \
  --env "PS1=demo\$ " --env LC_ALL=C.UTF-8 -- bash --norc --noprofile -i

say "cassette verify $tape"
"$cassette" verify "$tape"

say "cassette play --speed 3 $tape"
"$cassette" play --speed 3 --idle-limit 0.5 "$tape"

say "cassette screen $tape"
"$cassette" screen "$tape"

printf '\nThe cassette is the directory %s: text files, and the bytes of the program in output.raw.\n' "$tape"
