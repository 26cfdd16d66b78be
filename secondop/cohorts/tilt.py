"""Readers of another skill on the same cases: one factor per answer, solved so that the mean fits exactly."""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from secondop.errors import SecondopError


def moments(mean, concentration, log_tilt) -> tuple[np.ndarray, np.ndarray]:
    """Mean of a reader's q over the cases of a class, and of q q': one reading, and the pair of two readers.

    Untilted both are closed forms. Tilted, q_i = f_i p_i / sum(f p), where p is a scaled vector of gamma
    variates, and 1/x = integral of exp(-t x) leaves one integral over t. On u = log t the integrand is
    analytic and dies exponentially on both sides, so that equal steps converge to rounding error.
    """
    identity = np.eye(len(mean))
    if np.isinf(concentration):
        q = mean * np.exp(log_tilt)
        return q / q.sum(), np.outer(q, q) / q.sum() ** 2
    if not log_tilt.any():
        return mean, mean[:, None] * (concentration * mean + identity) / (concentration + 1)
    alpha, finite = concentration * mean, log_tilt[np.isfinite(log_tilt)]
    reach = alpha[np.isfinite(log_tilt)].sum()  # sets how slowly the integrand dies
    start, stop = -40 - finite.max() - np.log1p(concentration), 40 + 40 / reach - finite.min()
    u, step = np.linspace(start, stop, int((stop - start) * 4), retstep=True)
    x = special.expit(u[:, None] + log_tilt)
    weight = step * np.exp(-np.logaddexp(0, u[:, None] + log_tilt) @ alpha)
    return weight @ x * alpha, (x.T * weight) @ x * alpha[:, None] * (alpha + identity)


def solve_tilt(name, mean, concentration, target) -> np.ndarray:
    """Log factors that bring a class from one mean to another; the likeliest answer keeps factor 1."""
    never = mean == 0
    if (target[never] > 0).any():
        raise SecondopError(f"Class {name!r}: other readers give an answer that these readers never give.")
    log_tilt = np.zeros_like(mean)
    log_tilt[~never & (target == 0)] = -np.inf
    free = np.flatnonzero(target > 0)
    free = free[free != free[np.argmax(mean[free])]]
    if np.allclose(mean, target, rtol=0, atol=1e-12):
        return np.zeros_like(mean)
    if concentration < 1e-3:
        raise SecondopError(
            f"Class {name!r}: readers of a case all agree, so no other skill fits (concentration 0)."
        )
    keep = np.setdiff1d(np.flatnonzero(target > 0), free)
    start = np.log(target[free] / mean[free]) - np.log(target[keep] / mean[keep])
    if np.isinf(concentration):
        log_tilt[free] = start
        return log_tilt

    def miss(theta):
        log_tilt[free] = theta
        single, pair = moments(mean, concentration, log_tilt)
        slope = np.diag(single) - pair
        return (single - target)[free], slope[np.ix_(free, free)]

    solved = optimize.root(miss, start * (1 + 1 / concentration), jac=True, tol=1e-12)
    if free.size and np.abs(miss(solved.x)[0]).max() > 1e-8:
        raise SecondopError(f"Class {name!r}: no tilt found from {mean.round(4)} to {target.round(4)}.")
    log_tilt[free] = solved.x if free.size else 0
    return log_tilt
