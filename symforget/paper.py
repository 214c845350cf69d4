"""The paper's sentences, as its abstract has them, and short keys by which claims say which one they answer.

Source: K. Balasubramanian, S. P. Kasiviswanathan, "A Quantitative Characterization of Forgetting in Post-Training",
arXiv:2603.12163 (2026). Only the abstract is quoted from, in our words where it is long; every precise statement in
the derivation files is our own.
"""

SENTENCES: dict[str, str] = {
    "collapse": "Forward KL trained on data from the new distribution drives the old weight to zero.",
    "target": "Reverse KL converges to the true target and so avoids mass forgetting.",
    "gated": (
        "Reverse KL perturbs the old mean only through overlap-gated misassignment probabilities controlled by the "
        "Bhattacharyya coefficient."
    ),
    "drift": "The drift of the old mean decays exponentially with mode separation.",
    "geometry": (
        "The geometry is locally well conditioned, with exponential convergence (of weight and means together: "
        "geometry/local-convergence; of the weight alone: reverse_kl/local-rate)."
    ),
    "replay-forward": "Forward-KL replay must modify the training distribution to change the population optimum.",
    "replay-reverse": (
        "Reverse-KL replay leaves the population objective unchanged and prevents finite-batch old-mode starvation "
        "through bounded importance weighting."
    ),
    "sdft": "SDFT: explicit conditions for retaining old mass, and overlap-controlled drift.",
    "ttt_discover": "TTT-Discover: explicit conditions for retaining old mass, and overlap-controlled drift.",
    "oapl": "OAPL: explicit conditions for retaining old mass, and overlap-controlled drift.",
    "visibility": (
        "Forgetting is quantified by divergence direction, geometric overlap, sampling regime and visibility of past "
        "behaviour."
    ),
}
