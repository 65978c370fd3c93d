"""How the programs of these tests are started: in a new directory, with an environment that names no machine."""

CLEAN = {
    "clean_env": True,
    "env": {
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PAGER": "cat",
        "PYTHON_HISTORY": "/dev/null",
        "FZF_DEFAULT_OPTS": "",
    },
}


def in_new_directory(script: str) -> list[str]:
    """The command that runs a shell script in a directory of its own, and removes that."""
    return ["sh", "-c", f'd=$(mktemp -d) && cd "$d" && {{ {script}\n}}; code=$?; rm -rf "$d"; exit $code']
