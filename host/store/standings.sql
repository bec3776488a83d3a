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
    head TEXT NOT NULL,          -- JSON: verdicts
    body {blob} NOT NULL         -- what they rest on
);
