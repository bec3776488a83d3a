"""One day as NGSI-LD entities of the Smart Data Models' subject WasteManagement.

Normalized form. WasteContainer 0.3.0 for each bin at a collection point, WasteContainerIsle 0.0.1
for its site, WasteObserved 0.0.1 for each collection that a scale weighed. What was not measured,
or cannot be said in the model, is left out and never 0.
Source: https://github.com/smart-data-models/dataModel.WasteManagement, and ETSI GS CIM 009 for
the form; units are UN/CEFACT common codes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .. import rollup
from ..common.disclaimer import DISCLAIMER
from ..common.errors import UserError
from ..common.local_days import day_of
from ..events import Event, Kind
from ..metrology import r76
from ..points.positions import Position
from ..registry import DRY, HAZARDOUS, RECYCLABLE, STORED_HAZARDOUS, WET, Bin, Registry
from ..rollup import packing, scales
from ..store import Store, day_revisions
from ..store.day_revisions import PlatformDay

Entity = dict[str, Any]
CONTEXT = (
    "https://raw.githubusercontent.com/smart-data-models/dataModel.WasteManagement/master/"
    "context.jsonld",
    "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld",
)
# The model knows no word for what is left over, or for recyclables that are not sorted.
KINDS = {DRY: "other", WET: "organic", RECYCLABLE: "other", HAZARDOUS: "hazardous"}
KILOGRAM, LITRE, ONE = "KGM", "LTR", "C62"


def entities(
    store: Store, registry: Registry, date: dt.date, positions: Mapping[str, Position]
) -> list[Entity]:
    """The sites, bins and collections of a day; UserError where a site has no position, which
    the models demand."""
    on_scales = rollup.events(store, registry, date)
    happened = {bin_.bin: events for bin_, events in on_scales}
    bins = [b for b, _ in on_scales] + registry.fill_only()
    bins = [b for b in bins if b.stream != STORED_HAZARDOUS]
    sites = list(dict.fromkeys(b.site for b in bins))
    if unknown := [s for s in sites if s not in positions]:
        where = "sites.csv: expected longitude and latitude of every collection point"
        raise UserError(f"{where} for ngsi-ld, found none of {', '.join(unknown)}")
    day = day_of(date)
    booked = {r.platform: r for r in day_revisions.platform_days(store.database, day, day)}
    made = [_isle(registry, s, positions[s]) for s in sites]
    for b in bins:
        made.append(_container(b) | _at(positions[b.site]))
        if row := booked.get(b.bin):
            made[-1] |= _measured(store, b, row, happened.get(b.bin, []))
    collections = [
        (e, b) for b in bins for e in happened.get(b.bin, []) if e.kind is Kind.COLLECTION
    ]
    made += [
        _observed(b, e) | _at(positions[b.site])
        for e, b in sorted(collections, key=lambda pair: (pair[0].t, pair[1].bin))
    ]
    return [{**entity, "@context": list(CONTEXT)} for entity in made]


def _urn(type_: str, *name: object) -> str:
    return ":".join(("urn:ngsi-ld", type_, *map(str, name)))


def _time(t: int) -> str:
    return dt.datetime.fromtimestamp(t, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _property(value: Any, unit: str = "", observed: int | None = None) -> Entity:
    made: Entity = {"type": "Property", "value": value}
    if unit:
        made["unitCode"] = unit
    if observed is not None:
        made["observedAt"] = _time(observed)
    return made


def _moment(t: int) -> Entity:
    return _property({"@type": "DateTime", "@value": _time(t)})


def _relation(urn: str) -> Entity:
    return {"type": "Relationship", "object": urn}


def _at(place: Position) -> Entity:
    point = {"type": "Point", "coordinates": [float(place.longitude), float(place.latitude)]}
    return {"location": {"type": "GeoProperty", "value": point}}


def _said(bin_: Bin, note: str = "") -> Entity:
    return _property("；".join(filter(None, (bin_.stream, note, DISCLAIMER))))


def _isle(registry: Registry, site: str, place: Position) -> Entity:
    made = {"id": _urn("WasteContainerIsle", site), "type": "WasteContainerIsle", **_at(place)}
    if known := registry.sites.get(site):  # a closed month may have one that is gone
        made |= {"name": _property(known.name), "areaServed": _property(known.town)}
    return made


def _container(bin_: Bin) -> Entity:
    """What the registry says of a bin."""
    made = {
        "id": _urn("WasteContainer", bin_.bin),
        "type": "WasteContainer",
        "binId": _property(bin_.bin),
        "description": _said(bin_),
        "refWasteContainerIsle": _relation(_urn("WasteContainerIsle", bin_.site)),
        "storedWasteKind": _property(KINDS[bin_.stream]),
    }
    if bin_.volume_l:
        made["binCapacity"] = _property(bin_.volume_l, LITRE)
    return made


def _measured(store: Store, bin_: Bin, row: PlatformDay, events: Sequence[Event]) -> Entity:
    """What was measured of a bin on the day of the row."""
    made: Entity = {}
    span = rollup.day_bounds(row.date)
    if bin_.fill_channel:
        fills = [s for s in rollup.fills(store, bin_, *span) if s.fill is not None]
        if fills:
            # A sensor may say up to 1.05 of an over-full bin; the model ends at 1.
            level = min(fills[-1].fill or 0, 1000) / 1000
            made["fillingLevel"] = _property(level, ONE, fills[-1].t)
    if weighed := _weighed(store, bin_, row, span):
        made["cargoWeight"] = _property(weighed[0] / 1000, KILOGRAM, weighed[1])
    if emptied := [*_emptied(store, row, events)]:
        made["dateLastEmptying"] = _moment(max(emptied))
    return made


def _weighed(
    store: Store, bin_: Bin, row: PlatformDay, span: tuple[int, int]
) -> tuple[int, int] | None:
    """Net g and time (Unix s) of the last valid reading; None where there is none, or where it is
    not of this bin with what the books say of it: it is away, or another one stands there."""
    if not bin_.channel:
        return None
    series = scales.samples(store, bin_.device, bin_.channel, span[1], since=span[0])
    for i in reversed(range(len(series))):
        gross = series.grams[i]
        if gross is None or i in series.q:
            continue
        net, error = gross - bin_.tare_g, r76.in_service_g(gross, bin_.e_g)
        if abs(net - row.closing) > 2 * error or net < -error:
            return None
        return max(net, 0), series.t[i]
    return None


def _emptied(store: Store, row: PlatformDay, events: Sequence[Event]) -> Iterator[int]:
    """When a bin was emptied, Unix seconds; by its fill where no scale weighs it."""
    yield from (e.t for e in events if e.kind is Kind.COLLECTION)
    for fallen in packing.emptyings(store.database, [row]).values():
        yield from (e.t for e in fallen if not e.doubt)


def _observed(bin_: Bin, e: Event) -> Entity:
    scale = bin_.device, bin_.channel
    made = {
        "id": _urn("WasteObserved", *scale, e.before.life, e.before.seq),
        "type": "WasteObserved",
        "dateObserved": _moment(e.t),
        "description": _said(bin_, e.note),
        "weight": _property(e.grams / 1000, KILOGRAM, e.t),
        "refWeighingDevice": _relation(_urn("Device", *scale)),
        "refWasteContainer": _relation(_urn("WasteContainer", bin_.bin)),
    }
    # Where another bin came in exchange, the two readings do not differ by what was collected.
    if e.before.grams - e.after.grams == e.grams:
        made["grossWeight"] = _property(e.before.grams / 1000, KILOGRAM, e.before.t)
        made["tareWeight"] = _property(e.after.grams / 1000, KILOGRAM, e.after.t)
    return made
