-- The ledger of hazardous waste, its alarms and its transfers: all only ever added to.
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY,      -- 1, 2, 3 … without a gap; given by the host
    body TEXT NOT NULL,          -- the entry, JSON with sorted keys
    prev TEXT NOT NULL,          -- hash of the row before
    hash TEXT NOT NULL           -- SHA-256 over prev, id and body
);
CREATE TABLE ledger_head (  -- how many rows there must be, and the last hash
    one INTEGER PRIMARY KEY,
    entries INTEGER NOT NULL,
    hash TEXT NOT NULL
);
CREATE TABLE alarm (
    id INTEGER PRIMARY KEY,
    alarm INTEGER NOT NULL,      -- id of the row that raised it
    what TEXT NOT NULL,          -- raised, acknowledged, cleared
    t BIGINT NOT NULL,          -- when it was found or said, Unix seconds
    body TEXT NOT NULL           -- JSON: rule, site, store, subject, value, who, why
);
CREATE TABLE alarm_told (   -- rows of alarm that the broker has taken
    id INTEGER PRIMARY KEY
);
CREATE TABLE transfer (
    kind TEXT NOT NULL,          -- manifest, ticket
    number TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, number)
);
CREATE TABLE hazard_mark (  -- up to when something was done, Unix seconds
    name TEXT PRIMARY KEY,
    t BIGINT NOT NULL
);
