"""The report of a month, quarter or year (HJ 1259-2022 7.3, tables C.1 to C.3)."""

from __future__ import annotations

from itertools import zip_longest

from ..manual_entries import UNCLASSIFIED
from .facts import Mass, Sources, Waste, Way, open_fields, wastes
from .fields import TONNE, Facts, Field, Filled, text, tonnes
from .forms import Form
from .span import Span

NOT_HERE = Field("", "")  # a column that does not concern the row


def waste_facts(waste: Waste) -> Facts:
    """What is known of a waste for any form."""
    container, code = waste.container, waste.container.code if waste.container else None
    place = "containers.csv"
    return {
        "own_name": lambda: text(waste.key[1], "台账"),
        "name": lambda: text(
            waste.latest("危险废物名称") or (code.category_name if code else ""), "台账"
        ),
        "category": lambda: text(
            waste.latest("危险废物类别") or (code.category if code else ""), "台账"
        ),
        "code": lambda: text(waste.code, "台账"),
        "harmful": lambda: text(container.harmful if container else "", place),
        "phase": lambda: text(container.phase if container else "", place),
        "hazard": lambda: text(code.hazard if code else "", f"名录 {code.edition if code else ''}"),
        "packing": lambda: text(container.type if container else "", place),
        "unit": lambda: Field(TONNE, "HJ 1259-2022 5.5.1"),
    }


def _of_period(waste: Waste) -> Facts:
    return {
        "produced": lambda: tonnes(waste.produced.grams, waste.produced.basis),
        "opening": lambda: tonnes(waste.opening.grams, waste.opening.basis),
        "closing": lambda: tonnes(waste.closing.grams, waste.closing.basis),
        "stock_unit": lambda: Field(TONNE, "HJ 1259-2022 5.5.1"),
    }


def _not_here(*facts: str) -> Facts:
    return dict.fromkeys(facts, lambda: NOT_HERE)


def _used(way: tuple[Way, Mass] | None, first: bool) -> Facts:
    if way is None:
        facts = dict(_not_here("used_method", "used_unit", "used"))
        if first:  # none is a figure too
            facts |= {"used": lambda: tonnes(0, "台账中没有"), "used_unit": lambda: Field(TONNE)}
        return facts
    how, mass = way
    return {
        "used_method": lambda: text(how.method, mass.basis),
        "used": lambda: tonnes(mass.grams, mass.basis),
        "used_unit": lambda: Field(TONNE),
    }


def _sent(way: tuple[Way, Mass] | None, first: bool) -> Facts:
    if way is None:
        facts = dict(
            _not_here("province", "receiver", "licence", "sent_method", "sent_unit", "sent")
        )
        if first:
            facts |= {"sent": lambda: tonnes(0, "台账中没有"), "sent_unit": lambda: Field(TONNE)}
        return facts
    how, mass = way
    return {
        "receiver": lambda: text(how.receiver, mass.basis),
        "licence": lambda: text(how.licence, mass.basis),
        "sent_method": lambda: text(how.method, mass.basis),
        "sent": lambda: tonnes(mass.grams, mass.basis),
        "sent_unit": lambda: Field(TONNE),
    }


def build(form: Form, sources: Sources, span: Span) -> Filled:
    """The report of a unit: a row for each waste, more where it goes more than one way."""
    titles = [c.title.format(**span.words) for c in form.columns]
    made = Filled(form, form.title.format(**span.words), titles, span.name, sources.said)
    for waste in wastes(sources, span.t0, span.t1).values():
        lines = [*zip_longest(waste.used.items(), waste.sent.items())] or [(None, None)]
        for n, (used, sent) in enumerate(lines):
            facts = dict(waste_facts(waste)) | dict(_of_period(waste))
            if n:  # the mass of a waste stands once
                facts |= dict(_not_here("produced", "unit", "opening", "closing", "stock_unit"))
            facts |= dict(_used(used, n == 0)) | dict(_sent(sent, n == 0))
            made.add(waste.label, facts, [*([sent[0].receiver] if sent else []), *waste.key])
        made.doubts += waste.doubts()
        if waste.latest("危险废物名称") == UNCLASSIFIED:
            made.doubts.append(f"{waste.label}：废物代码不在名录中（未归类），先补入名录或更正台账")
    made.doubts += open_fields(sources, span.t0, span.t1)
    made.end()
    return made
