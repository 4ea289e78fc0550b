"""Floor 2: how the declared nouns show themselves, in a terminal and in a notebook."""

from __future__ import annotations

from exodelivery.declare.model import Instance, Model, instances, parameters_of
from exodelivery.declare.regimen import Regimen
from exodelivery.declare.tables import GRADES
from exodelivery.draw.html import card, table


def model_text(model: Model) -> str:
    """Return a model in a few lines: its parts, its blocks and its observables."""
    lines = [f"Model {model.name or '(unnamed)'}: {model.about}".rstrip(": ")]
    lines += [f"  {line}" for line in provenance(model)]
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


def provenance(model: Model) -> list[str]:
    """Return what a whole published model says of where it comes from, in lines; none for one of our own."""
    if not model.is_published:
        return []
    seen = "compared with the paper by a second person" if model.verified else "not yet compared by a second person"
    lines = [f"source: {model.source}", f"grade {model.grade}: {GRADES[model.grade]}; {seen}"]
    return [*lines, f"held against: {model.against}"] if model.against else lines


def model_html(model: Model) -> str:
    """Return a model as a card for a notebook."""
    parts = [(part, getattr(model, part).name, getattr(model, part).about) for part in ("body", "drug", "carrier")]
    blocks = [(i.prefix, f"{i.block.name}{_mark(i)}", i.block.about) for i in instances(model)]
    shown = [(name, f"[{o.unit}]", o.about) for name, o in model.observables.items()]
    body = table(("", "name", "what it is"), [*parts, *blocks]) + table(("observable", "unit", "what it is"), shown)
    about = " · ".join([model.about, *provenance(model), f"parameters: {_by_status(model)}"])
    return card(f"Model {model.name}", about, body)


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
