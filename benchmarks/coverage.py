"""How often "95 %" intervals cover the truth where clients differ, for rates, means and differences.

Run it with ``python benchmarks/coverage.py``: 300 clients, each with an answer probability of its own (from
a beta distribution of mean 0.3), dialed 1, 3 and 6 times, 4,000 draws from fixed seeds. Of each draw it makes
the interval that treats calls as independent (Wilson's) and those of the package: of the answer rate, and of
its change between two such months, with other clients and with the same ones. From 94 to 96 % must cover the
truth. The mean talk time is shown and not judged: talk times are skewed, and of skewed values an interval
from so few answered calls covers less. Nothing is timed; ``--draws`` takes another number, as tests do.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from brightcall_pandas.analysis._chance import (
    Clustered,
    Crossed,
    correlation,
    difference,
    rate_interval,
    ratio_interval,
)
from brightcall_pandas.analysis._rates import wilson

CLIENTS, ANSWERED, SPREAD = 300, 0.3, 2.0
LEAST, MOST = 0.94, 0.96
Drawn = tuple[np.ndarray, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=4_000)
    draws = parser.parse_args().draws
    print(f"{CLIENTS} clients, {draws:,} draws; coverage of intervals of 95 %\n")
    names = ("independent", "rate", "change", "same clients", "mean")
    print(f"{'dials a client':<16}" + "".join(f"{name:>14}" for name in names))
    missed = []
    for dials in (1, 3, 6):
        shares = coverage(dials, draws, np.random.default_rng(dials))
        print(f"{dials:<16}" + "".join(f"{share:>14.1%}" for share in shares), flush=True)
        ours = zip(names[1:4], shares[1:4], strict=True)
        missed += [f"{name} at {dials}" for name, share in ours if not LEAST <= share <= MOST]
    if draws >= 4_000 and missed:
        sys.exit(f"missed: {', '.join(missed)}")


def coverage(dials: int, draws: int, rng: np.random.Generator) -> list[float]:
    """Return in which share of the draws each interval covers the truth."""
    chances = rng.beta(SPREAD * ANSWERED, SPREAD * (1 - ANSWERED), (draws, CLIENTS))
    others = rng.beta(SPREAD * ANSWERED, SPREAD * (1 - ANSWERED), (draws, CLIENTS))
    month, same, strangers = (rng.binomial(dials, each) for each in (chances, chances, others))
    calls = np.full((draws, CLIENTS), dials)
    rate = clustered(month, calls)
    found = [covers(wilson(rate.top, rate.bottom), ANSWERED), covers(rate_interval(rate), ANSWERED)]
    found += [covers(changed(month, each, calls, shared=each is same), 0) for each in (strangers, same)]
    # Each client has its own way of talking, short or long.
    talk = rng.gamma(np.maximum(month, 1e-9), 1) * rng.gamma(2, 30, (draws, CLIENTS))
    found.append(covers(ratio_interval(clustered(talk, month)), 60))
    return found


def clustered(top: np.ndarray, bottom: np.ndarray) -> Clustered:
    products = (top * top, top * bottom, bottom * bottom)
    return Clustered(*(each.sum(axis=1).astype(float) for each in (top, bottom, *products)))


def changed(month: np.ndarray, other: np.ndarray, calls: np.ndarray, *, shared: bool) -> Drawn:
    """Return the interval of the change of the answer rate between two months."""
    first, second = clustered(month, calls), clustered(other, calls)
    pairs = ((month, other), (month, calls), (calls, other), (calls, calls))
    crossed = Crossed(*((one * two).sum(axis=1) * float(shared) for one, two in pairs))
    together = correlation(first, second, crossed, rates=True)
    return difference((first.ratio, rate_interval(first)), (second.ratio, rate_interval(second)), together)


def covers(interval: Drawn, truth: float) -> float:
    low, high = interval
    return float(np.mean((low <= truth) & (truth <= high)))


if __name__ == "__main__":
    main()
