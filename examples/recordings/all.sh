# Records the cassettes of this repository again, each as a user would. Usage: all.sh CASSETTE_COMMAND DIRECTORY
# Programs that are not installed are left out, and their old cassettes stay.
set -eu
cassette=$1 into=$2
cd "$(dirname "$0")/../.."
here=examples/recordings # relative: argv is recorded, and should be the same on every machine
export PS1='$ ' LC_ALL=C.UTF-8 LESSHISTFILE=- DEMO_PASSWORD=sk-test-0000
unset LESS VIMINIT PROMPT_COMMAND

tape() { # tape NAME PROGRAM OPTION... -- COMMAND...
  name=$1 program=$2
  shift 2
  command -v "$program" >/dev/null || { echo "$name: $program is not installed, left out"; return 0; }
  "$cassette" record -o "$into/$name" --overwrite --quiet "$@" && echo "$into/$name"
}

tape shell bash --columns 80 --rows 24 --script "$here/shell.yaml" --env PS1 -- bash --norc --noprofile -i
tape top top --columns 80 --rows 24 --script "$here/top.yaml" -- sh -c 'exec top -d 1 -p $$'
tape less less --columns 72 --rows 20 --script "$here/less.yaml" -- less "$here/poem.txt"
tape vim vim --columns 80 --rows 24 --script "$here/vim.yaml" -- vim --clean -n
tape dialog-menu dialog --columns 80 --rows 24 --script "$here/dialog-menu.yaml" -- \
  dialog --title Breakfast --menu "What would you like?" 12 40 3 tea "Green or black" eggs "Two" toast "With jam"
tape password sh --columns 60 --rows 12 --script "$here/password.yaml" -- sh "$here/password.sh"
tape wide sh --columns 60 --rows 16 --script "$here/wide.yaml" -- sh "$here/wide.sh"
tape killed sh --columns 60 --rows 8 --script "$here/killed.yaml" -- sh -c 'echo "I am here."; exec cat'
tape exit-3 sh --columns 60 --rows 8 -- sh -c 'echo "That did not work."; exit 3'
