"""Every bench, one after the other, and one table at the end.

    make bench                                   everything, about ten minutes on two quiet cores
    make bench BENCH="--quick"                   smaller, under two minutes: to see that it works
    make bench BENCH="--only append posts"       some of it

Ratios are taken in turns within one run, since absolute figures drift with whatever else the machine does.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import append
import load
import posts
import projecting
import wallets
from figures import Figure, run, server, show


def _append(quick: bool) -> list[Figure]:
    with server() as url:
        return run(append.measure(url, 3 if quick else 8, 5_000 if quick else 20_000))


def _posts(quick: bool) -> list[Figure]:
    with server() as url:
        return run(posts.measure(url, 2 if quick else 6, 500 if quick else 4_000))


def _projecting(quick: bool) -> list[Figure]:
    with server() as url:
        return run(projecting.measure(url, 2 if quick else 5, 10_000 if quick else 50_000))


def _wallets(quick: bool) -> list[Figure]:
    with server() as url:
        debits, commands, events = (5_000, 100, 20_000) if quick else (100_000, 300, 500_000)
        return run(wallets.measure(url, debits, commands, events))


def _load(quick: bool) -> list[Figure]:
    return load.measure(5 if quick else 60)


BENCHES: dict[str, Callable[[bool], list[Figure]]] = {
    "append": _append,
    "posts": _posts,
    "projecting": _projecting,
    "wallets": _wallets,
    "load": _load,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller, to see that it works")
    parser.add_argument("--only", nargs="+", choices=BENCHES, default=list(BENCHES))
    options = parser.parse_args()
    figures: list[Figure] = []
    for name in options.only:
        print(f"--- {name}", flush=True)
        figures += BENCHES[name](options.quick)
    show(figures)


if __name__ == "__main__":
    main()
