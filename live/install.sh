#!/bin/sh
# Install one harness. Usage: install.sh PROGRAMS HARNESS npm|pip PACKAGE VERSION
#
# Through the package client as it is set up on this machine, into a directory of its own below PROGRAMS, without the
# scripts of packages; those that a harness needs run afterwards, in the box. VERSION `latest` is the newest one.
set -eu
programs=$1 harness=$2 client=$3 package=$4 version=$5
here=$(dirname "$(realpath "$0")")
into=$programs/$harness
stamp="$package $version"
[ "$version" != latest ] && [ "$(cat "$into/installed" 2>/dev/null)" = "$stamp" ] && exit 0
command -v "$client" >/dev/null || { echo "install.sh: $client is missing: install it first." >&2; exit 4; }
rm -rf "$into"
mkdir -p "$into" "$programs/bin"

if [ "$client" = npm ]; then
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$into" "$package@$version" >&2
  case $harness in
  opencode) "$here/box.sh" "$programs" sh -c 'cd /home/harness/opencode/node_modules/opencode-ai && node postinstall.mjs' >&2 ;;
  claude) "$here/box.sh" "$programs" sh -c 'cd /home/harness/claude/node_modules/@anthropic-ai/claude-code && node install.cjs' >&2 ;;
  esac
  ln -sf "../$harness/node_modules/.bin/$harness" "$programs/bin/$harness"
else
  [ "$version" = latest ] && wanted=$package || wanted=$package==$version
  python3 -m pip install --quiet --quiet --disable-pip-version-check --target "$into" "$wanted" >&2
  cat >"$programs/bin/$harness" <<'END'
#!/bin/sh
# A link into a virtual environment would hold paths of the machine; this holds none.
here=$(dirname "$(realpath "$0")") name=$(basename "$0")
PYTHONPATH=$here/../$name exec python3 -m "$name" "$@"
END
  chmod +x "$programs/bin/$harness"
fi
echo "$stamp" >"$into/installed"
