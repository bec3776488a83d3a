-- Whether each platform can be believed, as it was last computed at night: one row for each bin on a
-- scale; each run replaces those of the registry.
CREATE TABLE standing (
    bin TEXT PRIMARY KEY,        -- its name in the registry
    made BIGINT NOT NULL,        -- Unix seconds
    since BIGINT NOT NULL,       -- of the readings and lifts that were read, Unix seconds
    until BIGINT NOT NULL,
    after BIGINT NOT NULL,       -- rows of transfer that were there
    n BIGINT NOT NULL,           -- readings of its board in that time
    changed BIGINT NOT NULL,     -- when the last of these came
    place TEXT NOT NULL,         -- site, board, channel, e and tare that it was of
    gravity INTEGER NOT NULL,    -- what is to be done, 0: the gravest
    far DOUBLE PRECISION NOT NULL, -- how far beyond its limits, in limits
    head TEXT NOT NULL,          -- JSON: verdicts
    body {blob} NOT NULL         -- what they rest on
);
