"""Floor 4: exp, log and pow over lanes, so that a power does not cost a call to the C library per lane.

Each is correct to 2 units in the last place over the whole range, subnormal numbers included
(tests/compile/native/test_mathematics.py measures it). The polynomials are Chebyshev fits made with mpmath; the
tails below are of ``(exp(r) - 1 - r) / r²`` on ``|r| <= ln(2)/2`` and of ``log((1+s)/(1-s))`` in s² for
``s <= (√2-1)/(√2+1)``.
"""

from __future__ import annotations

from exodelivery.compile.native.writer import Value, Writer

LN2_HIGH, LN2_LOW = 0.693147180559663, 2.8235290563031577e-13  # the high part ends in 12 zero bits
LOG2_E = 1.4426950408889634
ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer, held in the low bits
ONE_BITS = 0x3FF0000000000000
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
ROUND_BITS = 0x4338000000000000
LARGEST, SMALLEST = 709.782712893384, -745.1332191019412
TWO_54 = 18014398509481984.0
TINY = 2.2250738585072014e-308
THIRDS = (0.6666666666666666, 3.700743415417188e-17)
EXPONENTIAL = (
    2.5100424157005067e-08, 2.7620138719733994e-07, 2.7557268378684192e-06, 2.480152119021773e-05,
    0.00019841269863105968, 0.0013888888917281794, 0.008333333333330051, 0.04166666666662399,
    0.16666666666666669, 0.5000000000000001,
)  # fmt: skip
LOGARITHM = (
    0.14617807153417325, 0.15331611722055008, 0.1818289243253687, 0.22222211089379496, 0.28571428625253836,
    0.3999999999989889, 0.666666666666667,
)  # fmt: skip
TAIL = (
    0.1291471218393509, 0.13285868837545742, 0.15385577463308145, 0.18181808210921882, 0.22222222271326808,
    0.2857142857133801, 0.4000000000000003,
)  # fmt: skip

ROUGH_LOGARITHM = (-0.330077, 0.518620, -0.724953, 1.441647)  # log2(1 + f) / f, for √½ <= 1 + f < √2
ROUGH_POWER = (0.055089, 0.242604, 0.693276, 0.999929)  # 2**r for |r| <= 1/2


def rough_power(w: Writer, x: Value, exponent: float) -> Value:
    """Write x**exponent for normal x > 0 to a part in a thousand, where a result beyond 2**±1000 cannot come out.

    A step's size needs no more, and a sixteenth of a step's time would go into the rest.
    """
    e, m = _split(w, x, subnormal=False)
    f = w.subtract(m, w.number(1.0))
    log = w.multiply(w.number(exponent), w.fused(f, w.polynomial(f, ROUGH_LOGARITHM), e))
    shifted = w.add(log, w.number(ROUND))
    r = w.subtract(log, w.subtract(shifted, w.number(ROUND)))
    bits = w.integers("add", w.integers("shl", w.bits(shifted), w.integer(52)), w.integer(ONE_BITS))
    return w.multiply(w.polynomial(r, ROUGH_POWER), w.unbits(bits))


def exponential(w: Writer, x: Value, low: Value | None = None) -> Value:
    """Write exp(x + low), where ``low`` is a small correction to x."""
    largest, smallest = w.number(LARGEST), w.number(SMALLEST)
    inside = w.select(w.compare("olt", x, largest), x, largest)
    inside = w.select(w.compare("ogt", inside, smallest), inside, smallest)
    shifted = w.fused(inside, w.number(LOG2_E), w.number(ROUND))
    k = w.subtract(shifted, w.number(ROUND))
    r = w.fused(k, w.number(-LN2_HIGH), inside)
    r = w.fused(k, w.number(-LN2_LOW), r)
    if low is not None:
        r = w.add(r, low)
    tail = w.multiply(w.multiply(r, r), w.polynomial(r, EXPONENTIAL))
    power = w.add(w.number(1.0), w.add(r, tail))
    # two factors 2**k1 * 2**k2, so that results near overflow and below the normal range come out right
    half = w.fused(k, w.number(0.5), w.number(ROUND))
    first = w.subtract(half, w.number(ROUND))
    second = w.add(w.subtract(k, first), w.number(ROUND))
    for part in (half, second):
        exponent = w.integers("shl", w.bits(part), w.integer(52))
        power = w.multiply(power, w.unbits(w.integers("add", exponent, w.integer(ONE_BITS))))
    power = w.select(w.compare("ogt", x, largest), w.number(float("inf")), power)
    power = w.select(w.compare("olt", x, smallest), w.number(0.0), power)
    return w.select(w.compare("uno", x, x), x, power)


def _split(w: Writer, x: Value, subnormal: bool = True) -> tuple[Value, Value]:
    """Write x = 2**e · m with √½ <= m < √2 and return e and m as doubles."""
    small = w.compare("olt", x, w.number(TINY)) if subnormal else ""
    normal = w.select(small, w.multiply(x, w.number(TWO_54)), x) if subnormal else x
    offset = w.integers("sub", w.bits(normal), w.integer(ROOT_HALF_BITS))
    # an arithmetic shift by 52, of lanes whose width knows only the logical one
    biased = w.integers("lshr", w.integers("add", offset, w.integer(1 << 62)), w.integer(52))
    exponent = w.integers("sub", biased, w.integer(1 << 10))
    moved = w.integers("sub", w.bits(normal), w.integers("shl", exponent, w.integer(52)))
    e = w.subtract(w.unbits(w.integers("add", exponent, w.integer(ROUND_BITS))), w.number(ROUND))
    e = w.select(small, w.subtract(e, w.number(54.0)), e) if subnormal else e
    return e, w.unbits(moved)


def logarithm(w: Writer, x: Value) -> Value:
    """Write log(x); NaN below zero, -inf at zero."""
    e, m = _split(w, x)
    f = w.subtract(m, w.number(1.0))
    s = w.divide(f, w.add(m, w.number(1.0)))
    z = w.multiply(s, s)
    half = w.multiply(w.number(0.5), w.multiply(f, f))
    rest = w.fused(s, w.fused(z, w.polynomial(z, LOGARITHM), half), w.multiply(e, w.number(LN2_LOW)))
    found = w.fused(e, w.number(LN2_HIGH), w.subtract(f, w.subtract(half, rest)))
    return _edges(w, x, found)


def _edges(w: Writer, x: Value, found: Value) -> Value:
    infinity, zero = w.number(float("inf")), w.number(0.0)
    found = w.select(w.compare("oeq", x, infinity), infinity, found)
    found = w.select(w.compare("oeq", x, zero), w.number(float("-inf")), found)
    below = w.either(w.compare("olt", x, zero), w.compare("uno", x, x))
    return w.select(below, w.number(float("nan")), found)


def _precise_logarithm(w: Writer, x: Value) -> tuple[Value, Value]:
    """Write log(x) for finite x > 0 as an unevaluated sum of two doubles, good to about 2**-67."""
    one = w.number(1.0)
    e, m = _split(w, x)
    f, d = w.subtract(m, one), w.add(m, one)
    d_low = w.subtract(m, w.subtract(d, one))
    s = w.divide(f, d)
    left = w.fused(w.negate(s), d_low, w.fused(w.negate(s), d, f))
    s_low = w.divide(left, d)
    z = w.multiply(s, s)
    z_low = w.fused(w.add(s, s), s_low, w.fused(s, s, w.negate(z)))
    cube = w.multiply(s, z)
    cube_low = w.fused(s, z_low, w.fused(s_low, z, w.fused(s, z, w.negate(cube))))
    high, low = (w.number(part) for part in THIRDS)
    third = w.multiply(cube, high)
    third_low = w.fused(cube, low, w.fused(cube_low, high, w.fused(cube, high, w.negate(third))))
    tail = w.multiply(w.multiply(cube, z), w.polynomial(z, TAIL))
    twice, whole = w.add(s, s), w.multiply(e, w.number(LN2_HIGH))
    first, first_low = _sum(w, whole, twice)
    second, second_low = _sum(w, first, third)
    rest = w.add(w.fused(e, w.number(LN2_LOW), tail), w.fused(w.number(2.0), s_low, third_low))
    rest = w.add(rest, w.add(first_low, second_low))
    return _sum(w, second, rest)


def _sum(w: Writer, large: Value, small: Value) -> tuple[Value, Value]:
    total = w.add(large, small)
    return total, w.subtract(small, w.subtract(total, large))


def power(w: Writer, x: Value, y: Value) -> Value:
    """Write x**y for real exponents: NaN below zero, 0, 1 or inf at zero, 1 for y = 0."""
    zero, one, infinity = w.number(0.0), w.number(1.0), w.number(float("inf"))
    log, log_low = _precise_logarithm(w, x)
    product = w.multiply(y, log)
    product_low = w.fused(y, log_low, w.fused(y, log, w.negate(product)))
    found = exponential(w, product, product_low)
    up = w.compare("ogt", y, zero)
    found = w.select(w.compare("oeq", x, infinity), w.select(up, infinity, zero), found)
    found = w.select(w.compare("oeq", x, zero), w.select(up, zero, infinity), found)
    found = w.select(w.compare("olt", x, zero), w.number(float("nan")), found)
    unknown = w.compare("uno", x, y)
    found = w.select(unknown, w.number(float("nan")), found)
    return w.select(w.compare("oeq", y, zero), one, found)
