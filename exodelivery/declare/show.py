"""Floor 2: how the declared nouns show themselves, in a terminal and in a notebook."""

from __future__ import annotations

from exodelivery.declare.model import Instance, Model, instances, parameters_of
from exodelivery.declare.regimen import Regimen
from exodelivery.draw.html import card, table


def model_text(model: Model) -> str:
    """Return a model in a few lines: its parts, its blocks and its observables."""
    lines = [f"Model {model.name or '(unnamed)'}: {model.about}".rstrip(": ")]
    for part in ("body", "drug", "carrier"):
        noun = getattr(model, part)
        lines.append(f"  {part:<8} {noun.name}: {noun.about}")
    for instance in instances(model):
        lines.append(f"  {instance.prefix:<14} {instance.block.name}: {instance.block.about}")
    lines.append(f"  observables    {', '.join(model.observables)}")
    if assumed_structures(model):
        lines.append(f"  structure of our own: {', '.join(assumed_structures(model))}")
    lines.append(f"  parameters     {_by_status(model)}")
    return "\n".join(lines)


def model_html(model: Model) -> str:
    """Return a model as a card for a notebook."""
    parts = [(part, getattr(model, part).name, getattr(model, part).about) for part in ("body", "drug", "carrier")]
    blocks = [(i.prefix, f"{i.block.name}{_mark(i)}", i.block.about) for i in instances(model)]
    shown = [(name, f"[{o.unit}]", o.about) for name, o in model.observables.items()]
    body = table(("", "name", "what it is"), [*parts, *blocks]) + table(("observable", "unit", "what it is"), shown)
    return card(f"Model {model.name}", f"{model.about} · parameters: {_by_status(model)}", body)


def assumed_structures(model: Model) -> tuple[str, ...]:
    """Return the blocks of a model whose equations were found nowhere in print, by slot and name."""
    return tuple(f"{i.prefix} ({i.block.name})" for i in instances(model) if i.block.status == "assumed")


def _mark(instance: Instance) -> str:
    return " (structure assumed)" if instance.block.status == "assumed" else ""


def regimen_html(regimen: Regimen) -> str:
    """Return a regimen as a table for a notebook."""
    rows = [
        (f"{dose.at:g} h", dose.amount, dose.label, dose.route, f"{dose.over:g} h" if dose.over else "bolus")
        for dose in regimen.single_doses
    ]
    return card("Regimen", str(regimen), table(("time", "amount", "label", "route", "over"), rows))


def _by_status(model: Model) -> str:
    counts: dict[str, int] = {}
    for parameter in parameters_of(model).values():
        counts[parameter.quantity.status or "no status"] = counts.get(parameter.quantity.status or "no status", 0) + 1
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
