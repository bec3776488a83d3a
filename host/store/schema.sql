-- Readings are only ever added. Times are Unix seconds UTC; weights are grams.
CREATE TABLE stream (            -- one life of one board's flash
    id INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    site TEXT NOT NULL,
    life TEXT NOT NULL,
    floor INTEGER NOT NULL DEFAULT 0, -- the board has nothing older: what is missing below is lost
    UNIQUE (device, life)
);
CREATE TABLE reading (
    id INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES stream (id),
    seq INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    t INTEGER,                   -- NULL until it can be dated
    up INTEGER,                  -- seconds since its start, for a reading without a date
    received INTEGER NOT NULL,
    body BLOB NOT NULL           -- msgpack: channel -> integer, q -> {channel: reason}
);
CREATE INDEX reading_time ON reading (stream, t);
CREATE INDEX reading_undated ON reading (stream, boot) WHERE t IS NULL;
CREATE TABLE span (              -- seqs stored without a gap, lo and hi included
    stream INTEGER NOT NULL REFERENCES stream (id),
    lo INTEGER NOT NULL,
    hi INTEGER NOT NULL,
    PRIMARY KEY (stream, lo)
) WITHOUT ROWID;
CREATE TABLE birth (
    id INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES stream (id),
    boot INTEGER NOT NULL,
    up INTEGER NOT NULL,
    t INTEGER,
    received INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (stream, boot, up)
);
CREATE TABLE quarantine (        -- what could not be understood, whole
    id INTEGER PRIMARY KEY,
    received INTEGER NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    payload BLOB NOT NULL
);
