"""The plan of a year, 危险废物管理计划 (HJ 1259-2022 5, tables A.1 to A.7).

What is expected of the year only the unit can say; what the year before was stands beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..register import LICENSED, HazardStore, Institution, Register
from .declared import FILE
from .facts import Key, Mass, Sources, Waste, Way, wastes
from .fields import EMPTY, TONNE, Facts, Field, Filled, text, tonnes
from .forms import Form, for_category
from .report import NOT_HERE, waste_facts
from .span import Span

# 4.2.1: who has a licence is 重点 whatever it generates.
_KEY = "重点"
CATEGORIES = {
    _KEY: "危险废物环境重点监管单位",
    "简化": "危险废物简化管理单位",
    "登记": "危险废物登记管理单位",
}
Wastes = Mapping[Key, Waste]
Row = tuple[str, Facts, Sequence[str]]  # what it is about, what is known, names in declared.csv


def build(forms: Mapping[str, Form], sources: Sources, plan: Span, before: Span) -> list[Filled]:
    """The tables that a unit fills for a year; before: the year before it."""
    register, year = sources.register, before.year
    institution = register.institutions[sources.unit]
    category = _KEY if institution.category == LICENSED else institution.category
    chosen = for_category(forms.values(), category) or for_category(forms.values(), _KEY)
    known = wastes(sources, before.t0, before.t1)
    known |= {
        k: w for k, w in _registered(register, sources.unit, plan.year).items() if k not in known
    }
    rows: dict[str, Callable[[], Iterator[Row]]] = {
        "A.1": lambda: _unit(institution, category),
        "A.2": lambda: _facilities(sources, plan.name),
        "A.3": lambda: _generated(known, register, year),
        "A.4": lambda: _stored(known, register, year),
        "A.5": lambda: _used(known, year),
        "A.6": lambda: _generated(known, register, year),
        "A.7": lambda: _sent(known, year),
    }
    made = []
    for form in chosen:
        titles = [c.title for c in form.columns]
        filled = Filled(form, form.title, titles, plan.name, sources.said)
        for name, facts, of in rows[form.form]():
            filled.add(name, facts, of)
        filled.end()
        made.append(filled)
    return made


def _registered(register: Register, unit: str, year: int) -> dict[Key, Waste]:
    """Wastes of containers that stand in a store of the unit in a year."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    found: dict[Key, Waste] = {}
    for c in register.containers:
        is_of = register.stores[c.store].institution == unit
        if is_of and c.since <= last and c.until >= first:
            key = c.code.code, c.name
            found.setdefault(key, Waste(key, container=c))
    return dict(sorted(found.items()))


def _unit(institution: Institution, category: str) -> Iterator[Row]:
    place = "institutions.csv"
    yield (
        institution.name,
        {
            "unit_name": _constant(institution.name, place),
            "town": _constant(institution.town, place),
            "credit_code": _constant(institution.credit_code, place),
            "unit_category": _constant(CATEGORIES.get(category, ""), f"{place}；4.2.1"),
        },
        (institution.institution,),
    )


def _facilities(sources: Sources, period: str) -> Iterator[Row]:
    """Its stores, and the production facilities that somebody named in declared.csv."""
    stores = [s for s in sources.register.stores.values() if s.institution == sources.unit]
    said = sources.said.names("A.2", period)
    for s in stores:
        yield s.name, _store(s) | {"": lambda: NOT_HERE}, (s.facility,)
    named = [n for n in said if n not in {s.facility for s in stores}]
    of_store = ("facility_name", "facility_parameter", "facility_value", "facility_unit")
    for name in named or [""]:
        facts = dict.fromkeys(of_store[1:], lambda: NOT_HERE)
        yield name or "生产设施", facts | {"facility": _constant(name, FILE)}, (name,)


def _constant(value: str, basis: str) -> Callable[[], Field]:
    return lambda: text(value, basis)


def _store(s: HazardStore) -> dict[str, Callable[[], Field]]:
    place = "stores.csv"
    capacity = tonnes(s.capacity_g, place) if s.capacity_g else EMPTY
    return {
        "facility_name": _constant(s.name, place),
        "facility": _constant(s.facility, place),
        "facility_parameter": _constant("贮存能力", place),
        "facility_value": lambda: capacity,
        "facility_unit": _constant(TONNE, place),
    }


def _expected(name: str, mass: Mass, year: int) -> dict[str, Callable[[], Field]]:
    """A mass of the year before beside a field that only the unit can say."""
    was = tonnes(mass.grams, "").value
    hint = f"{year}年为 {was} 吨（{mass.basis}）" if mass.grams else f"{year}年台账中没有"
    return {name: lambda: Field(None, hint)}


def _generated(known: Wastes, register: Register, year: int) -> Iterator[Row]:
    for waste in known.values():
        c = waste.container
        store = register.stores[c.store] if c else None
        facts = dict(waste_facts(waste)) | _expected("expected_produced", waste.produced, year)
        facts["source_facility"] = _constant(waste.latest("产生危险废物设施编码"), "台账")
        if store:
            of_store = _store(store)
            facts["store_facility"] = of_store["facility"]
            facts["store_capacity"] = of_store["facility_value"]
        yield waste.label, facts, (waste.code, waste.key[1])


def _stored(known: Wastes, register: Register, year: int) -> Iterator[Row]:
    for waste in known.values():
        if waste.container is None:
            continue
        store = register.stores[waste.container.store]
        facts = dict(waste_facts(waste)) | _expected("expected_stock", waste.closing, year)
        facts["store_facility"] = _constant(store.facility, "stores.csv")
        facts["store_kind"] = _constant(store.kind, "stores.csv")
        yield waste.label, facts, (waste.code, waste.key[1])


def _used(known: Wastes, year: int) -> Iterator[Row]:
    for waste in known.values():
        for way, mass in waste.used.items():
            facts = dict(waste_facts(waste)) | _expected("expected_used", mass, year)
            facts["used_facility"] = _constant(way.facility, mass.basis)
            facts["used_method"] = _constant(way.method, mass.basis)
            yield waste.label, facts, (waste.code, waste.key[1], way.facility)


def _sent(known: Wastes, year: int) -> Iterator[Row]:
    for waste in known.values():
        for way, mass in (waste.sent or {Way(): Mass()}).items():
            facts = dict(waste_facts(waste)) | _expected("expected_sent", mass, year)
            facts["sent_method"] = _constant(way.method, mass.basis)
            facts["receiver_kind"] = _constant(way.kind, mass.basis)
            facts["licence"] = _constant(way.licence, mass.basis)
            for name in ("licensed", "exempt", "abroad"):
                value = getattr(way, name)
                facts[name] = _constant(value, mass.basis)
                if way.receiver and not value:  # another kind of receiver
                    facts[name] = lambda: NOT_HERE
            yield waste.label, facts, (waste.code, waste.key[1], way.receiver)
