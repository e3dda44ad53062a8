"""The article on real images: noise scikit-learn's digits, learn to undo it, draw new digits.

Run it with: python examples/digits.py [FOLDER]. It takes two and a half minutes on two cores
and leaves in FOLDER ("digits", if none is given):

    noising.webp     digits walked through the forward chain, 1,000 steps, until they are noise
    run/             the model; run/previews/ shows what it drew while it learned
    denoising.webp   noise walked back, until it is digits
    digits.png       a row of new digits for each class
    holes.png        digits, the same with their lower half taken away, and filled in
    odd.png          the oddest of the digits that were not fitted
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import interfuse
from interfuse.kinds.images.ask.chain import forward_frames, nats_from_noise
from interfuse.kinds.images.data import animation, grid, write_png

SECONDS = 75
COLUMNS = 8


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "digits")
    folder.mkdir(exist_ok=True)
    digits = load_digits()
    images = np.rint(digits.images / 16 * 255).astype(np.uint8)  # (1797, 8, 8)
    labels = digits.target
    train, rest = images[:1500], images[1500:]

    # 1. The forward chain: q(x_k | x_{k-1}) = N(sqrt(1 - beta_k) x_{k-1}, beta_k), k = 1 ... 1000.
    some = images[:16, None]
    animation([grid(frame) for _, frame in forward_frames(some)], folder / "noising.webp")
    print(f"after 1,000 steps: {nats_from_noise(some):.2g} nats a pixel from N(0, 1), at most")

    # 2. Learn to predict what was added.
    model = interfuse.fit(
        train, labels=labels[:1500], seconds=SECONDS, folder=folder / "run", overwrite=True
    )
    training = model.record["training"]
    print(f"stopped: {training['reason']}; {training['examples']:,} images seen")

    # 3. The way back: from noise to digits.
    frames = model.denoising(16, seed=1, steps=40)
    animation([grid(frame) for frame in frames], folder / "denoising.webp")

    # 4. Given a class.
    rows = [model.generate(COLUMNS, given={"class": k}, guidance=1.5, seed=k) for k in range(10)]
    write_png(grid(np.concatenate(rows)[:, None], columns=COLUMNS), folder / "digits.png")

    # 5. Given some of the pixels: they come back exactly.
    known = np.zeros((8, 8), bool)
    known[:4] = True
    filled = model.impute(rest[:COLUMNS], known, seed=1)
    assert (filled[:, known] == rest[:COLUMNS][:, known]).all()
    shown = np.concatenate([rest[:COLUMNS], np.where(known, rest[:COLUMNS], 128), filled])
    write_png(grid(shown[:, None], columns=COLUMNS), folder / "holes.png")

    # 6. Which are odd? Digits that were not fitted, and digits turned upside down.
    usual, turned = model.detect(rest), model.detect(rest[:, ::-1])
    print(f"mean score: digits {usual.score.mean():.3f}, upside down {turned.score.mean():.3f}")
    oddest = np.argsort(-usual.score)[:COLUMNS]
    write_png(grid(rest[oddest][:, None], columns=COLUMNS), folder / "odd.png")
    print(f"pictures in {folder}")


if __name__ == "__main__":
    main()
