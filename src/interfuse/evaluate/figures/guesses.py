"""Privacy: what guesses of secrets reach."""

from dataclasses import replace

from interfuse.evaluate.chance import deviations
from interfuse.evaluate.figure import Figure, Measurement, Words, register
from interfuse.evaluate.figures.copying import few_of_baselines
from interfuse.evaluate.findings import Fault, Faults
from interfuse.evaluate.inference import Inference, attribute_inference
from interfuse.evaluate.interval import Z
from interfuse.evaluate.study import Study
from interfuse.evaluate.table import Table
from interfuse.language import t


@register
class AttributeInference(Figure):
    """What is guessed of the secret that is guessed best; see `inference`."""

    key = "privacy.inference"
    words = Words(
        "Attribute inference risk",
        "What a row of the table gives away about a training row's secret, beyond the population.",
        floor="ideal",
        asks="guesses of each secret",
    )
    bounds = (-1.0, 1.0)

    def measure(self, study: Study) -> Measurement | None:
        """Return the risk of the secret of greatest risk; None without secrets or a hold-out."""
        guesses = study.once(secrets)
        if not guesses:
            return None
        worst = max(guesses, key=lambda one: one.risk)
        others = {
            name: _guess(study, table, worst.secret).risk
            for name, table in study.once(few_of_baselines).items()
        }
        return Measurement(
            value=worst.risk,
            error=worst.error / Z,
            floor=0.0,
            others=others,
            words=replace(
                self.words, name=t("Attribute inference risk ({secret})", secret=worst.secret)
            ),
        )

    def questions(self, study: Study) -> int:
        """Return the number of secrets."""
        return len(study.secrets)

    def faults(self, study: Study) -> Faults:
        """Return the secrets that are guessed better than the population explains."""
        out: Faults = []
        z = deviations(study.level)
        for guess in study.once(secrets):
            if guess.risk - z / 1.96 * guess.error > 0:
                text = t(
                    "The secret {secret!r} is guessed for {rate:.1%} of the training rows and for "
                    "{control:.1%} of unseen ones.",
                    secret=guess.secret,
                    rate=guess.rate,
                    control=guess.control,
                )
                out.append(Fault("inference", (guess.secret,), text, guess.risk))
        return out

    def notes(self, study: Study) -> list[str]:
        """Return why secrets were not guessed."""
        if study.secrets and study.held is None:
            return [t("Attribute inference: not measured; it needs a hold-out, as its control.")]
        return []


def secrets(study: Study) -> list[Inference]:
    """Return what is guessed of each secret; nothing without a hold-out."""
    if study.held is None:
        return []
    return [_guess(study, study.synthetic, secret) for secret in study.secrets]


def _guess(study: Study, table: Table, secret: str) -> Inference:
    assert study.held is not None
    few = {"attacks": study.limits.secrets, "limit": study.limits.closest}
    return attribute_inference(study.real, table, study.held, secret, seed=study.seed, **few)
