"""Floor 2: one short text that changes whenever anything that moves a number of a model does.

A kept fit bears the fingerprint of the model that it was made with, so that a change is noticed and said. Values,
ranges, owners, statuses, rates, observables and their errors count; what is only told to people (``about``, ``note``,
``source``) and the order in a file do not. Numbers count as written: ``1 mL`` and ``1.0 mL`` differ, which costs a
notice, never a missed change.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from exodelivery.declare.files import TOLD, Noun, document_of
from exodelivery.declare.model import Model


def fingerprint(noun: Noun) -> str:
    """Return the SHA-256 of the canonical document of a model, part or block, with all its parts and blocks in full.

    Examples
    --------
    >>> import exodelivery as exo
    >>> model = exo.load("doxorubicin_mouse")
    >>> fingerprint(model) == fingerprint(model.with_values({"effect.k_kill": "0.02 1/h"}))
    False
    """
    text = json.dumps(_whole(noun), sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _whole(noun: Noun) -> dict[str, Any]:
    # The names of parts and blocks tell a joint fit what is shared, so they count; a model's own does not.
    named = {} if isinstance(noun, Model) else {"name": noun.name}
    return {**document_of(noun, _whole, TOLD), **named}
