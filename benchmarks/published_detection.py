"""AUC-ROC of other methods on ADBench's sets: DTE's published tables, mean of seeds 0 to 4.

Livernoche et al. 2024, arXiv 2305.18593; the tables stand in the README of the authors' repository.
No published table of the areas under precision and recall by this protocol is known.
"""

METHODS = {
    "semi": ("DDPM", "DTE-NP", "DTE-C", "kNN", "LOF"),
    "unsupervised": ("DDPM", "DTE-NP", "DTE-C", "IForest", "MCD"),
}
ROC: dict[str, dict[str, tuple[float, ...]]] = {
    "semi": {
        "fault": (61.09, 58.64, 59.46, 58.73, 47.42),
        "glass": (66.67, 89.64, 92.42, 92.04, 88.82),
        "http": (100.00, 99.98, 99.45, 100.00, 99.98),
        "InternetAds": (65.76, 69.96, 77.57, 68.08, 71.72),
        "Ionosphere": (94.60, 97.77, 95.42, 97.44, 94.29),
        "landsat": (51.37, 68.20, 52.79, 68.25, 66.58),
        "letter": (38.05, 34.38, 36.72, 35.43, 44.83),
        "musk": (100.00, 100.00, 100.00, 100.00, 100.00),
        "PageBlocks": (86.93, 89.32, 89.89, 89.65, 91.30),
        "pendigits": (98.11, 99.61, 97.79, 99.87, 99.05),
        "Pima": (70.27, 81.50, 69.88, 76.94, 70.53),
        "annthyroid": (88.82, 92.90, 97.52, 92.81, 88.63),
        "satellite": (77.70, 82.11, 78.61, 82.24, 80.30),
        "satimage-2": (99.62, 99.67, 99.34, 99.71, 99.38),
        "smtp": (95.43, 92.98, 95.27, 92.43, 93.42),
        "Stamps": (91.84, 97.87, 91.60, 95.89, 93.74),
        "thyroid": (97.95, 98.63, 98.74, 98.68, 92.72),
        "vowels": (86.38, 81.42, 86.93, 82.21, 86.30),
        "cardio": (86.94, 91.80, 87.26, 92.00, 92.21),
        "Cardiotocography": (54.54, 63.76, 60.13, 62.11, 64.49),
    },
    "unsupervised": {
        "fault": (56.22, 72.55, 58.95, 54.39, 50.50),
        "glass": (56.04, 88.13, 86.39, 78.95, 79.47),
        "http": (99.76, 5.06, 99.51, 99.95, 99.95),
        "InternetAds": (61.37, 63.42, 65.58, 68.61, 65.96),
        "Ionosphere": (75.75, 92.40, 91.14, 83.30, 95.14),
        "landsat": (49.62, 60.20, 54.42, 47.40, 60.70),
        "letter": (84.73, 85.00, 78.13, 61.56, 80.43),
        "musk": (99.95, 88.17, 96.47, 99.77, 99.96),
        "PageBlocks": (82.00, 90.64, 92.39, 89.72, 92.30),
        "pendigits": (70.03, 78.64, 71.33, 94.69, 83.41),
        "Pima": (53.74, 70.71, 62.37, 67.37, 68.64),
        "annthyroid": (81.37, 78.11, 96.36, 81.63, 91.80),
        "satellite": (71.53, 70.15, 71.05, 69.50, 80.39),
        "satimage-2": (99.55, 97.95, 94.56, 99.28, 99.53),
        "smtp": (95.56, 92.97, 95.07, 90.50, 94.84),
        "Stamps": (55.55, 82.02, 75.25, 90.72, 83.83),
        "thyroid": (87.06, 96.43, 99.02, 97.91, 98.57),
        "vowels": (90.34, 96.42, 91.42, 76.26, 73.21),
        "cardio": (72.33, 77.67, 72.13, 92.21, 81.48),
        "Cardiotocography": (57.86, 49.28, 51.03, 68.09, 49.99),
    },
}


def of(name: str, protocol: str) -> dict[str, float]:
    """By method, what was published for a set; nothing where nothing was."""
    found = ROC[protocol].get(name)
    return dict(zip(METHODS[protocol], found, strict=True)) if found else {}


def means(protocol: str) -> dict[str, float]:
    """By method, the mean over all sets."""
    rows = ROC[protocol].values()
    return {m: sum(r[i] for r in rows) / len(rows) for i, m in enumerate(METHODS[protocol])}
