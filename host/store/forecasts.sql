-- The last forecast of each bin, as the page and alarms show it; each run replaces them.
CREATE TABLE forecast (
    bin TEXT PRIMARY KEY,
    made BIGINT NOT NULL,        -- the moment it looks from, Unix seconds
    until BIGINT NOT NULL,       -- the moment of the masses
    fill INTEGER,                -- permille at `made`
    net BIGINT,                  -- g at `made`
    full10 INTEGER,              -- minutes from `made` until it is full, at 10 %; NULL: beyond
    full50 INTEGER,
    full90 INTEGER,
    kg10 BIGINT,                 -- g at `until`, at 10 %; NULL: not known
    kg50 BIGINT,
    kg90 BIGINT,
    basis TEXT NOT NULL          -- what full* rest on: fill, weight; '': they are not known
);
