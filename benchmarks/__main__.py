"""`python -m benchmarks` runs all, `python -m benchmarks record start` some; exit code 1 when an aim is missed."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.figures import table


def known() -> list[str]:
    """The names of the benchmarks."""
    return sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main(names: list[str]) -> int:
    """Run benchmarks and print a table of each."""
    unknown = [name for name in names if name not in known()]
    if unknown:
        print(
            f"no benchmark is called {', '.join(unknown)}. Known are {', '.join(known())}.", file=sys.stderr
        )
        return 2
    met = True
    for name in names or known():
        module = import_module(f"benchmarks.bench_{name}")
        print(f"\n{name}: {(module.__doc__ or '').strip().splitlines()[0]}", flush=True)
        figures = list(module.figures())
        print(table([figure.row() for figure in figures]), flush=True)
        met = met and all(figure.met for figure in figures)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
