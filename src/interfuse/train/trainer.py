"""The training loop: a generator of events that the caller drives.

The loop knows nothing of terminals, files or signals. It yields an `Event` about twice a second
and at every held-out evaluation; whoever drives it shows them, saves `checkpoint()` when it likes
(between events the state is always whole), and may set `stop_requested`.

It ends when the budget is spent, or on a plateau: the held-out loss of the averaged weights has not
improved for `Settings.patience` evaluations and for half as many examples as it took, but never
within `EARLIEST` warm-ups, where the loss goes up and down. Then the fit goes back to the state of
the best evaluation and lets the learning rate decay from there, which lowers the loss further than
stopping would.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Generic

import torch
from torch import Tensor

from interfuse.core.seeds import Purpose, generator_for
from interfuse.errors import InterfuseError
from interfuse.train.budget import DECAY_SHARE, Budget, batch_size, learning_rate
from interfuse.train.contracts import BatchLosses, Examples, Goal, Net, worst_cell
from interfuse.train.descent import descend
from interfuse.train.ema import PowerEma
from interfuse.train.events import Event
from interfuse.train.flat import FlatParameters
from interfuse.train.muon import optimiser_for
from interfuse.train.order import BlockOrder, Order
from interfuse.train.precision import autocast
from interfuse.train.ranks import Alone
from interfuse.train.settings import Settings
from interfuse.train.state import Checkpoint, Progress

EVALUATIONS = 40
EARLIEST = 5
"""On 3,000 rows of two columns the best of the first ten evaluations, after three visits a row,
ended a fit that gained until the 35th visit."""
HELD_OUT_DRAWS, FEWEST_DRAWS = 8192, 512
RESCUE_AFTER = 10
MOST_RESCUES = 3
TICK_SECONDS = 0.5


class Trainer(Generic[Net, Goal, Examples]):
    """Fits a network to rows.

    Args:
        net: the network; moved to `device`, changed in place.
        objective: noises batches and scores predictions.
        rows: training rows.
        held_out: rows never trained on that decide when to stop; may be empty.
        settings: seed, batch size, rates.
        budget: when to stop at the latest.
        device: where to compute.
        order: of the training rows; one of the settings' seed if None.
        ranks: the processes that train together.
        parts: into how many each batch is cut; one a process if None.

    Attributes:
        progress: the counters.
        stop_requested: set it to end after the step at hand.
        whole: whether `checkpoint` gives a state to go on from: not while a step changes it.
    """

    def __init__(
        self,
        net: Net,
        objective: Goal,
        rows: Examples,
        held_out: Examples,
        settings: Settings,
        budget: Budget,
        device: torch.device,
        order: Order | BlockOrder | None = None,
        ranks: Alone | None = None,
        parts: int | None = None,
    ) -> None:
        self.net = net.to(device)
        self.objective = objective
        self.rows = rows
        self.held_out = held_out
        self.settings = settings
        self.budget = budget
        self.device = device
        self.parameters = FlatParameters(self.net)
        self.ema = PowerEma(self.parameters)
        self.optimiser = optimiser_for(self.net, self.parameters, settings.weight_decay)
        self.progress = Progress()
        self.stop_requested = False
        self.whole = True
        self._best: dict[str, dict[str, Tensor]] = {}
        self.ranks = ranks or Alone()
        self.parts = parts or self.ranks.size
        self._order = order or Order(settings.seed, len(rows))
        self._bad_steps = 0
        self._losses: BatchLosses | None = None

    # -- one step -------------------------------------------------------------------------------

    def _step(self) -> float:
        p, s = self.progress, self.settings
        generator = generator_for(s.seed, Purpose.BATCH, p.step, device=self.device)
        decay = None if p.decay_from is None else p.decay_from + p.decay_examples
        size = batch_size(s.batch, p.examples, self.budget.examples, decay)
        batch = self.rows.take(self._order.batch(p.examples, size)).to(self.device)
        noisy = self.objective.corrupt(batch, generator)
        gradient = self.parameters.clear_gradients()
        how = (s, p.step, self.device, self.ranks, self.parts)
        total, losses = descend(self.net, self.objective, noisy, gradient, *how)
        norm = self.parameters.clip(1.0)
        self.whole = False
        p.step += 1
        p.examples += size
        value = float(total)
        if not (torch.isfinite(norm) and value == value and abs(value) != float("inf")):
            p.skipped += 1
            self._bad_steps += 1
            self._losses = losses
            return float("nan")
        self._bad_steps = 0
        rate = p.rate_scale * learning_rate(
            s.rate, p.examples, p.decay_from, p.decay_examples, s.warm_up
        )
        self.optimiser.step(rate)
        self.ema.update(p.step)
        return value

    def _rescue(self) -> None:
        """Go back to the last good average at half the rate, or give up naming the column."""
        p = self.progress
        if p.rate_scale <= 0.5**MOST_RESCUES:
            raise self._hopeless(f"and halving the learning rate {MOST_RESCUES} times did not help")
        p.rate_scale /= 2
        good = self._best.get("best") or self.ema.state()
        self._load_weights(good)
        self.ema.load(good)
        self.optimiser.forget()
        self._bad_steps = 0

    def _hopeless(self, why: str) -> InterfuseError:
        worst = worst_cell(self._losses, self.objective.names)
        return InterfuseError(f"{worst}: the loss is not finite, {why}. {self.objective.advice}")

    # -- held-out rows --------------------------------------------------------------------------

    @torch.no_grad()
    def evaluate(self) -> float:
        """Held-out loss of the averaged weights, with the same noise at every call.

        It scores no more records than were trained on between two evaluations, but `FEWEST_DRAWS`:
        otherwise a short fit spends most of its time here.
        """
        weights = {name: p.detach().clone() for name, p in self.net.named_parameters()}
        self._load_weights(self.ema.state())
        self.net.eval()
        try:
            return self._held_out_loss()
        finally:
            self.net.train()
            self._load_weights(weights)

    def _held_out_loss(self) -> float:
        """The loss on held-out rows of the weights that are in the network."""
        losses = []
        draws = self.settings.held_out_draws or HELD_OUT_DRAWS
        draws = min(draws, max(FEWEST_DRAWS, self.progress.interval))
        n, batch = len(self.held_out), min(2048, draws)
        for k in range(draws // batch):
            generator = generator_for(self.settings.seed, Purpose.HELD_OUT, k, device=self.device)
            index = (torch.arange(batch) + k * batch) % n
            # Both windows must see all rows: the objective splits a batch by position.
            index = index[torch.randperm(batch, generator=generator_for(0, Purpose.HELD_OUT, k))]
            noisy = self.objective.corrupt(self.held_out.take(index).to(self.device), generator)
            with autocast(self.device, self.settings.precision):
                losses.append(self.objective.loss(self.net, noisy).judged().float())
        return float(torch.stack(losses).mean())

    @torch.no_grad()
    def _load_weights(self, state: dict[str, Tensor]) -> None:
        for name, parameter in self.net.named_parameters():
            parameter.copy_(state[name])

    def _keep_best(self) -> None:
        def copied(named: dict[str, Tensor]) -> dict[str, Tensor]:
            return {name: value.detach().clone() for name, value in named.items()}

        self._best = {
            "best": copied(self.ema.state()),
            "best_weights": copied(dict(self.net.named_parameters())),
            "best_moments": copied(self.optimiser.moments),
        }

    def _measure(self, loss: float) -> None:
        p = self.progress
        # Without held-out rows nothing can be compared: the latest average is the best.
        judged = self.evaluate() if len(self.held_out) and not self.ranks.rank else float("nan")
        (held_out,) = self.ranks.agreed(judged)
        p.curve.append((p.examples, p.seconds, loss, held_out))
        if not len(self.held_out):
            self._keep_best()
        elif held_out < p.best or not self._best:
            p.best, p.best_examples, p.since_best = held_out, p.examples, 0
            self._keep_best()
        else:
            p.since_best += 1

    # -- the loop -------------------------------------------------------------------------------

    def run(self) -> Iterator[Event]:
        """Train until the budget is spent, the held-out loss is on a plateau, or someone asks."""
        p = self.progress
        if not self.objective.names:
            p.reason = "there is nothing to learn: no column has values that differ"
            yield Event("stopped", copy.copy(p), None, 0.0, 0.0, p.reason)
        self.net.train()
        clock = last = time.monotonic()
        examples, losses, recent = p.examples, [], []
        while not p.reason:
            self.whole = True
            loss = self._step()
            now, self.whole = time.monotonic(), True  # also if another process is gone
            seconds, stop = self.ranks.agreed(now - clock, self.stop_requested)
            p.seconds, clock, self.whole = p.seconds + seconds, now, False
            losses.append(loss)
            recent.append(loss)
            kind, message = "tick", ""
            if self._bad_steps >= RESCUE_AFTER:
                self._rescue()
                kind, message = "rescued", "a loss was not finite: went back to the best weights"
            elif not self._bad_steps and self._due():
                finite = [x for x in recent if x == x]
                self._measure(sum(finite) / max(len(finite), 1))
                recent.clear()
                kind, message = "evaluated", self._turn()
                kind = "decay" if message else kind
            if self._finished():
                if p.skipped == p.step:
                    raise self._hopeless("in any step")
                self._measure(recent[-1] if recent else loss)
                p.reason = self._why()
            self.whole = True
            if stop or (self.stop_requested and self.ranks.size == 1):
                break
            if p.reason or kind != "tick" or now - last >= TICK_SECONDS:
                now = time.monotonic()
                if p.reason or kind != "tick":  # a held-out evaluation
                    p.seconds += self.ranks.agreed(now - clock)[0]
                speed = (p.examples - examples) / max(now - last, 1e-9)
                finite = [x for x in losses if x == x]
                mean = sum(finite) / len(finite) if finite else None
                left, why = self._remaining(speed), p.reason or message
                yield Event("stopped" if p.reason else kind, copy.copy(p), mean, speed, left, why)
                examples, losses = p.examples, []
                # What the caller does between events is not training time.
                last = clock = time.monotonic()

    def _due(self) -> bool:
        p = self.progress
        if p.interval == 0:
            if self.budget.spent(p.seconds, p.examples) < 1 / EVALUATIONS:
                return False
            p.interval = p.next_evaluation = p.examples
        if p.examples < p.next_evaluation:
            return False
        p.next_evaluation += p.interval
        return True

    def _turn(self) -> str:
        """Start the decay if it is time; the reason, or nothing."""
        p = self.progress
        if p.decay_from is not None:
            return ""
        least = max(1.5 * p.best_examples, EARLIEST * self.settings.warm_up)
        waited = p.since_best >= self.settings.patience and p.examples >= least
        if waited and len(self.held_out):
            p.decay_from, p.plateau = p.examples, True
            most = max(int(DECAY_SHARE * p.best_examples), self.settings.batch)
            p.decay_examples = self.budget.within(p.examples, most)
            self._load_weights(self._best["best_weights"])
            self.optimiser.load(self._best["best_moments"])
            self.ema.load(self._best["best"])
            return "the held-out loss has stopped falling"
        if self.budget.spent(p.seconds, p.examples) >= 1 - DECAY_SHARE:
            p.decay_from = p.examples
            p.decay_examples = self.budget.decay_examples(p.seconds, p.examples)
            return "most of the budget is spent"
        return ""

    def _finished(self) -> bool:
        p = self.progress
        if self.budget.examples is not None and p.examples >= self.budget.examples:
            return True
        if p.decay_from is not None:
            return p.examples >= p.decay_from + p.decay_examples
        return self.budget.spent(p.seconds, p.examples) >= 1

    def _why(self) -> str:
        p = self.progress
        if not p.plateau or self.budget.spent(p.seconds, p.examples) >= 0.97:
            return "the budget is spent"
        return (
            f"the held-out loss stopped falling after {p.best_examples:,} examples; "
            "more training would only memorise rows"
        )

    def _remaining(self, speed: float) -> float:
        p = self.progress
        if p.reason:
            return 0.0
        if p.decay_from is not None:
            return (p.decay_from + p.decay_examples - p.examples) / max(speed, 1e-9)
        return self.budget.left(p.seconds, p.examples, speed) / max(speed, 1e-9)

    # -- state ----------------------------------------------------------------------------------

    def weights(self) -> dict[str, Tensor]:
        """The averaged weights with the lowest held-out loss."""
        return self._best.get("best") or self.ema.state()

    def use_best(self) -> None:
        """Put those weights into the network."""
        self._load_weights(self.weights())

    def checkpoint(self) -> Checkpoint:
        """Everything needed to go on later; call it between events."""
        tensors = {
            "weights": dict(self.net.named_parameters()),
            "average": self.ema.state(),
            "moments": self.optimiser.moments,
            **self._best,
        }
        return Checkpoint(tensors, self.progress, asdict(self.settings))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint: bit-equal to never having stopped."""
        t = checkpoint.tensors
        self._load_weights(t["weights"])
        self.ema.load({k: v.to(self.device) for k, v in t["average"].items()})
        self.optimiser.load(t.get("moments", {}))
        self.progress = checkpoint.progress
        roles = ("best", "best_weights", "best_moments")
        self._best = {r: {k: v.to(self.device) for k, v in t[r].items()} for r in roles if r in t}
