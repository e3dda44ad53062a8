"""Made-up tables of records that are computed from each other, with the rules that made them."""

import datetime as dt

import numpy as np
import polars as pl

N = 1500


def bills(r: np.random.Generator) -> pl.DataFrame:
    """Net, tax at 19 %, gross; a fee that is a share of the gross."""
    net = r.lognormal(4, 1, N).round(2)
    tax = np.floor(net * 0.19 * 100 + 0.5) / 100
    return pl.DataFrame({"net": net, "tax": tax, "gross": (net + tax).round(2)})


def invoices(r: np.random.Generator) -> pl.DataFrame:
    """A price, a quantity, a discount, shipping, and what is to be paid."""
    price, quantity = r.lognormal(3, 0.8, N).round(2), r.integers(1, 40, N)
    discount = r.choice([0.0, 0.05, 0.1, 0.25], N)
    amount = (price * quantity * (1 - discount)).round(2)
    shipping = r.choice([0.0, 4.9, 9.9, 19.5], N)
    total = (amount + shipping).round(2)
    return pl.DataFrame(
        {
            "price": price,
            "quantity": quantity,
            "discount": discount,
            "amount": amount,
            "shipping": shipping,
            "total": total,
        }
    )


def counters(r: np.random.Generator) -> pl.DataFrame:
    """Requests that succeed and fail, and the per cent that do; some hosts are idle."""
    good = np.where(r.random(N) < 0.1, 0, r.integers(0, 5000, N))
    bad = np.where(good == 0, 0, r.integers(0, 400, N))
    everything = good + bad
    share = np.divide(100 * bad, everything, out=np.zeros(N), where=everything > 0).round(1)
    return pl.DataFrame({"good": good, "bad": bad, "requests": everything, "error_percent": share})


def durations(r: np.random.Generator) -> pl.DataFrame:
    """Calls that begin and end, with their length in milliseconds, and when they were answered."""
    start = dt.datetime(2026, 3, 1) + np.array(
        [dt.timedelta(seconds=s) for s in r.integers(0, 10**6, N).tolist()]
    )
    length = r.integers(1, 600_000, N)
    wait = r.integers(0, 20_000, N)
    end = [s + dt.timedelta(milliseconds=m) for s, m in zip(start, length.tolist(), strict=True)]
    return pl.DataFrame({"start": start.tolist(), "end": end, "length_ms": length, "wait": wait})


def speeds(r: np.random.Generator) -> pl.DataFrame:
    """Trips: kilometres, minutes, kilometres an hour (0 where the car stood), miles."""
    km = np.where(r.random(N) < 0.05, 0.0, r.lognormal(2, 1, N).round(1))
    minutes = r.integers(1, 300, N)
    speed = np.floor(60 * km / minutes * 10) / 10
    return pl.DataFrame(
        {"km": km, "minutes": minutes, "speed": speed, "miles": (km / 1.609344).round(2)}
    )


def energy(r: np.random.Generator) -> pl.DataFrame:
    """Readings of a meter: old, new, used, volts, amperes, watts; Fahrenheit of Celsius."""
    old, used = r.uniform(0, 90_000, N).round(1), r.lognormal(4, 1, N).round(1)
    volts, amperes = r.normal(230, 4, N).round(1), r.lognormal(1, 0.7, N).round(2)
    celsius = r.normal(12, 9, N).round(1)
    return pl.DataFrame(
        {
            "old": old,
            "new": (old + used).round(1),
            "used": used,
            "volts": volts,
            "amperes": amperes,
            "watts": np.floor(volts * amperes + 0.5).astype(int),
            "celsius": celsius,
            "fahrenheit": (1.8 * celsius + 32).round(2),
        }
    )


def staff(r: np.random.Generator) -> pl.DataFrame:
    """Codes and names, a truth value of a category, a weekend, a class of a number."""
    code = r.choice(["DE", "FR", "IT", "PL", "ES"], N)
    name = pl.Series(code).replace_strict(
        {"DE": "Germany", "FR": "France", "IT": "Italy", "PL": "Poland", "ES": "Spain"}
    )
    when = [
        dt.datetime(2026, 1, 1) + dt.timedelta(minutes=m)
        for m in r.integers(0, 300_000, N).tolist()
    ]
    age = r.integers(18, 90, N)
    return pl.DataFrame(
        {
            "code": code,
            "country": name,
            "when": when,
            "weekend": [w.weekday() >= 5 for w in when],
            "hour": [w.hour for w in when],
            "age": age,
            "senior": age >= 65,
            "abroad": code != "DE",
        }
    )


def flows(r: np.random.Generator) -> pl.DataFrame:
    """Packets and bytes both ways, their mean, a rate in bits, and the bounds of sizes."""
    packets = np.where(r.random(N) < 0.05, 0, np.ceil(r.pareto(1.2, N) * 4)).astype(int)
    back = np.where(r.random(N) < 0.3, 0, np.ceil(r.pareto(1.2, N) * 3)).astype(int)
    size = r.choice([60, 120, 570, 1400], N) * np.exp(r.normal(0, 0.05, N))
    total = np.round(packets * size).astype(int)
    seconds = np.where(r.random(N) < 0.1, 0.0, r.lognormal(-1, 2, N).round(6))
    moving = (seconds > 0) & (packets > 0)
    mean = np.divide(total, packets, out=np.zeros(N), where=packets > 0)
    bits = np.divide(8 * total, seconds, out=np.zeros(N), where=moving)
    both = packets + back
    rate = np.divide(both, seconds, out=np.zeros(N), where=seconds > 0)
    return pl.DataFrame(
        {
            "packets": packets,
            "back": back,
            "bytes": total,
            "mean_size": np.floor(mean + 0.5).astype(int),
            "seconds": seconds,
            "bits_per_second": bits.round(3),
            "packet_rate": rate.round(4),
        }
    )


TABLES = [bills, invoices, counters, durations, speeds, energy, staff, flows]
