-- Times are Unix seconds UTC. What was received is only ever added; a compaction moves it
-- from arrivals into days without changing it. {serial}, {blob}: as the engine spells them.
CREATE TABLE stream (            -- one life of one board's flash
    id {serial},
    device TEXT NOT NULL,
    site TEXT NOT NULL,
    life TEXT NOT NULL,
    floor BIGINT NOT NULL DEFAULT 0, -- the board has nothing older: what is missing below is lost
    archived BIGINT NOT NULL DEFAULT 0, -- readings that stand in Parquet files
    confirm INTEGER NOT NULL DEFAULT 0, -- the board keeps a reading until it is told
    spans {blob} NOT NULL,       -- msgpack: the seqs stored, as [lo, hi, lo, hi …]
    boots {blob} NOT NULL,       -- the same of the starts that they are of
    UNIQUE (device, life)
);
CREATE TABLE arrival (           -- readings in the order in which they came, not yet in their day
    id {serial},
    stream BIGINT NOT NULL REFERENCES stream (id),
    n INTEGER NOT NULL,
    received BIGINT NOT NULL,
    body {blob} NOT NULL         -- chunk.of_arrivals
);
CREATE TABLE day (               -- the readings of a stream on a local day
    day INTEGER NOT NULL,        -- days since 1970-01-01 in Shanghai; -1: not dated yet
    stream BIGINT NOT NULL REFERENCES stream (id),
    n INTEGER NOT NULL,
    hi BIGINT NOT NULL,          -- highest seq
    first_t BIGINT,
    last_t BIGINT,
    changed BIGINT NOT NULL,     -- when it was last added to
    body {blob} NOT NULL,        -- chunk.of_day
    PRIMARY KEY (day, stream)
);
CREATE INDEX day_stream ON day (stream, day);
CREATE TABLE archive (           -- days that stand in Parquet files
    day INTEGER PRIMARY KEY,
    file TEXT NOT NULL,
    n BIGINT NOT NULL
);
CREATE TABLE birth (
    id {serial},
    stream BIGINT NOT NULL REFERENCES stream (id),
    boot BIGINT NOT NULL,
    up BIGINT NOT NULL,
    t BIGINT,
    received BIGINT NOT NULL,
    body {blob} NOT NULL,
    UNIQUE (stream, boot, up)
);
CREATE TABLE quarantine (        -- what could not be understood, whole
    id {serial},
    received BIGINT NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    payload {blob} NOT NULL
);
