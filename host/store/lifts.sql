-- What trucks weighed when they emptied bins, by file; only ever added to. The file itself is a row
-- of transfer, which binds its SHA-256 into the chain.
CREATE TABLE lift (
    import BIGINT NOT NULL,      -- id of that row
    line INTEGER NOT NULL,       -- row of the file
    t BIGINT NOT NULL,           -- by the truck's clock, Unix seconds
    grams BIGINT NOT NULL,
    truck TEXT NOT NULL,         -- its plate
    site TEXT NOT NULL,          -- '' where it is none of sites.csv
    stream TEXT NOT NULL,        -- '' where the file does not say
    bin TEXT NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (import, line)
);
CREATE INDEX lift_t ON lift (t);
