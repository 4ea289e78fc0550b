"""Floor 8: the library held against the literature, one declared case a file; run by ``exo qualify``.

A case is ``fits/qualification/<author_year>.toml``. It holds no code: what is run, what is read of it, what was
printed, and how far apart the two may lie. Deviations are shown whether the gate is met or not; a number without a
gate is *reported*; a model that cannot be reproduced is a case too, with the reason.

.. code-block:: toml

    format   = 1
    kind     = "qualification"
    about    = "Topotecan in cells: what reaches DNA, by dose and by efflux"
    grade    = "A"                # A equations and values seen in the paper … D citation only (MODELS.md)
    verified = false              # true once a second person has compared the numbers with the paper
    model    = "evans_2004"       # left out where a case is arithmetic alone
    # swap   = { carrier = "none" }               parts and blocks of the model
    # cannot = "the parameters were not seen"     instead of targets: why it cannot be reproduced

    [citation]                    # as in a study: text, doi, pmid, pmc, key
    text = "Evans 2004, Math Biosci 189:185"
    doi  = "10.1016/j.mbs.2004.01.007"

    [numbers]                     # printed numbers that expressions use, each with its unit and place
    auc_1 = { value = "160 %ID*h/mL", status = "literature", source = "Table 1" }

    [runs.bolus]                  # a dose, or doses = [{…}, {…}], or none: a run from the model's own start
    dose  = "20 nmol"             # and route, at, over, rate, every, times, label, steady_state as in exo.bolus
    route = "medium"
    until = "60 min"
    # values = { "efflux.k_e" = "0.05 1/min" }    swap (an empty name empties a slot), model, using = "a kept fit"
    #                                            keep, solver, tolerance

    [readings]                    # numbers read of runs, for expressions: half = { run = …, what = …, at = … }
    hit = { run = "bolus", what = "auc(on_dna)", to = "60 min" }

    [[targets]]
    name      = "on DNA in 60 min after 10 uM"
    run       = "bolus"           # kind = "reading" where a run is named, else "expression"
    what      = "auc(on_dna)"     # an observable or pool with at = "3 h", or a functional of one (from, to, dose)
    to        = "60 min"
    published = "7.2913 umol/L*min"   # also "> 1", "< 10 min", "2 to 7 pmol", or no unit
    gate      = "0.05 %"          # of the published value; "0.2 h" in its unit; "digits" as printed; none: reported
    source    = "Table 4"
    note      = ""

Other kinds (``kinds/``, one file each, see :data:`~exodelivery.judge.qualification.kinds.table.KINDS`):

``expression``
    ``what`` over readings, numbers and the model's parameters by full name: a ratio of two runs, an identity.
``balance``
    The largest residual of any ledger of a ``run``; published 0, gate 1e-8 unless given.
``steady``
    The largest drift of any pool, population or state of a ``run`` from where it began, relative to that.
``superposition``
    ``what`` of a ``run`` against the sum over ``parts = [{ run = "a", times = 2, late = "24 h" }]``: dose linearity,
    shift of time, sum of doses.
``curve``
    ``what`` of a ``run`` against the rows of a CSV: ``file`` (beside the case, or in the folder EXODELIVERY_DATA),
    ``where = { organ = "plasma" }``, ``time``, ``value`` (columns), their units; ours is the largest deviation.
``closed_form``
    ``what`` of a ``run`` against ``form``, an expression in ``time``, numbers and parameters; the largest deviation.
``optimum``
    Where between ``from`` and ``to`` of the parameter ``vary`` a reading is largest (or ``least = true``).
``crossing``
    The time at which ``what`` of a ``run`` first reaches ``level``, or what ``then`` reads at that moment.
``growth_rate``
    ``number`` (gr50, gec50, gr_inf, gr_max, gr_aoc, hill) of the GR curve through the rows of a CSV: ``file`` and
    ``where`` as for ``curve``; ``dose``, ``count``, ``control``, ``time0`` (columns).
``caught``
    A model that is defective in print must be found out: ``rule`` and ``says``, words of the checker's finding. The
    model is written out in the case, under ``[defective.body]``, ``[defective.blocks.disposition]`` …, since no shelf
    may hold it.

A new kind is one file with one function, and one row in the table.
"""
