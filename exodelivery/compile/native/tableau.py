"""Floor 4: the coefficients of Rodas5P, an L-stable Rosenbrock method of order 5 with dense output of order 4.

They are kept in the transformed form that needs no matrix-vector products: with W = I/(γh) − J a stage solves
``W k_i = f(t + c_i h, x + Σ A_ij k_j) + Σ C_ij k_j / h + d_i h ∂f/∂t``; the last stage's k is the error estimate.

References
----------
Steinebach, BIT Numer. Math. 63:27 (2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

STAGES = 8
ORDER = 5


@dataclass(frozen=True, slots=True)
class Tableau:
    """Coefficients of one Rosenbrock method.

    Attributes
    ----------
    gamma : float
    weights : (stages, stages)
        ``A``: stage arguments in the stages before; the last row plus the last stage is the step.
    couplings : (stages, stages)
        ``C``.
    dense : (3, stages)
        ``H``: coefficients of the interpolant ``(1-θ)x + θ(x' + (1-θ)(H_1 + θ(H_2 + θ H_3))·k)``.
    times : (stages,)
        ``c``: stage times as fractions of the step.
    slopes : (stages,)
        ``d``: weights of ∂f/∂t.
    """

    gamma: float
    weights: tuple[tuple[float, ...], ...]
    couplings: tuple[tuple[float, ...], ...]
    dense: tuple[tuple[float, ...], ...]
    times: tuple[float, ...]
    slopes: tuple[float, ...]


def _times_and_slopes(
    gamma: float, weights: tuple[tuple[float, ...], ...], couplings: tuple[tuple[float, ...], ...]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Undo the transformation: Γ⁻¹ = I/γ − C, α = A Γ, c = α·1, d = Γ·1."""
    slopes: list[float] = []
    for row in couplings:  # forward substitution of (I/γ − C) d = 1
        slopes.append(gamma * (1.0 + sum(c * d for c, d in zip(row, slopes, strict=False))))
    times = [sum(a * d for a, d in zip(row, slopes, strict=False)) for row in weights]
    # the last three stages lie at the end of the step, where the sums are 1 and 0 but for rounding
    return (*times[:5], 1.0, 1.0, 1.0), (*slopes[:5], 0.0, 0.0, 0.0)


GAMMA = 0.21193756319429014
_A4 = (-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946)
WEIGHTS: tuple[tuple[float, ...], ...] = (
    (),
    (3.0,),
    (2.849394379747939, 0.45842242204463923),
    (-6.954028509809101, 2.489845061869568, -10.358996098473584),
    (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
    _A4,
    (*_A4, 1.0),
    (*_A4, 1.0, 1.0),
)
COUPLINGS: tuple[tuple[float, ...], ...] = (
    (),
    (-14.155112264123755,),
    (-17.97296035885952, -2.859693295451294),
    (147.12150275711716, -1.41221402718213, 71.68940251302358),
    (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
    (24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471),
    (
        30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623,
        -28.087943162872662,
    ),
    (
        37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002,
        -54.66780262877968, -9.48861652309627,
    ),
)  # fmt: skip
DENSE = (
    (
        25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073,
        1.1241088310450404, 0.4272876194431874, -0.17202221070155493,
    ),
    (
        -9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044,
        15.98066361424651, -6.789040303419874, -6.710236069923372,
    ),
    (
        11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654,
        -59.78993625266729, -0.15582684282751913, 4.883087185713722,
    ),
)  # fmt: skip
RODAS5P = Tableau(GAMMA, WEIGHTS, COUPLINGS, DENSE, *_times_and_slopes(GAMMA, WEIGHTS, COUPLINGS))


@dataclass(frozen=True, slots=True)
class Moves:
    """The same method in the variables ``z_s = k_s + U_s − x``, with U_s the argument of stage s.

    Where rates are linear, ``f(U) = A U``, a stage then costs no product with A: ``h W z_s = h A x + Σ R_sj z_j``, and
    the first term is the same for all stages. Curved rates add ``h (g(U_s) − ∂g/∂x (U_s − x))``. The step moves x by
    the last z, and the last two differ by the error.

    Attributes
    ----------
    arguments, right : (stages, stages)
        ``U_s = x + Σ a_sj z_j``, and R.
    dense : (3, stages)
        The rows of the interpolant.
    """

    arguments: tuple[tuple[float, ...], ...]
    right: tuple[tuple[float, ...], ...]
    dense: tuple[tuple[float, ...], ...]


def moves(tableau: Tableau) -> Moves:
    """Change variables, in fractions, rounded once.

    Examples
    --------
    >>> moves(RODAS5P).arguments[-1]         # the last argument is where the stage before it ended
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    """
    inverse = 1 / Fraction(tableau.gamma)
    stages: list[list[Fraction]] = []

    def combined(weights: tuple[float, ...], first: list[Fraction]) -> list[Fraction]:
        parts = list(zip(weights, stages, strict=False))
        return [start + sum(Fraction(weight) * stage[n] for weight, stage in parts) for n, start in enumerate(first)]

    arguments, right = [], []
    for number in range(STAGES):
        argument = combined(tableau.weights[number], [Fraction(0)] * STAGES)
        right.append(combined(tableau.couplings[number], [inverse * value for value in argument])[:number])
        arguments.append(argument[:number])
        stages.append([Fraction(n == number) - value for n, value in enumerate(argument)])
    dense = [combined(row, [Fraction(0)] * STAGES) for row in tableau.dense]

    def rounded(rows: list[list[Fraction]]) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(float(value) for value in row) for row in rows)

    return Moves(rounded(arguments), rounded(right), rounded(dense))


MOVES = moves(RODAS5P)
