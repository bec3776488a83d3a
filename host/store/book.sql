-- The book: what each platform's day came to, as it was known when. platform_day,
-- platform_day_events and closing are only ever added to; the rest can be made anew from readings.

-- The lowest seq of a day; 0 may stand for any.
ALTER TABLE day ADD COLUMN lo BIGINT NOT NULL DEFAULT 0;
DROP INDEX day_stream;
CREATE INDEX day_stream ON day (stream, day, lo, hi);
CREATE TABLE touched (           -- readings of a stream and day came, moved or were dated; not booked yet
    id {serial},
    stream BIGINT NOT NULL REFERENCES stream (id),
    day INTEGER NOT NULL,        -- days since 1970-01-01 in Shanghai
    n INTEGER NOT NULL,          -- readings more than before; negative: fewer
    at BIGINT NOT NULL           -- when they arrived, Unix seconds
);
CREATE TABLE book (              -- one row: changed by whoever writes figures
    one INTEGER PRIMARY KEY,
    stamp BIGINT NOT NULL
);
INSERT INTO book (one, stamp) VALUES (1, 0);
CREATE TABLE platform (
    id {serial},
    bin TEXT NOT NULL UNIQUE,    -- its name in the registry
    device TEXT NOT NULL,
    made_with TEXT NOT NULL,     -- JSON: registry, corrections, rules; checkpoints of others are void
    booked INTEGER NOT NULL      -- the last day that has its figures
);
CREATE TABLE checkpoint (        -- after the readings of a day; a day without any has none
    platform BIGINT NOT NULL REFERENCES platform (id),
    day INTEGER NOT NULL,
    opens BIGINT NOT NULL,       -- the second from which on what follows may still tell of events
    state {blob} NOT NULL,       -- of the engine, at the end of the day
    found {blob} NOT NULL,       -- what became certain with the readings of the day
    PRIMARY KEY (platform, day)
);
CREATE TABLE platform_day (      -- the figures of a platform and day; the highest revision holds
    id {serial},
    platform BIGINT NOT NULL REFERENCES platform (id),
    day INTEGER NOT NULL,
    revision INTEGER NOT NULL,   -- 1, 2, 3 …
    computed BIGINT NOT NULL,    -- Unix seconds
    reason TEXT NOT NULL,        -- why it was computed, for people
    opening INTEGER NOT NULL,    -- grams, as events.balance
    deposited INTEGER NOT NULL,
    collected INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    unattributed INTEGER NOT NULL,
    closing INTEGER NOT NULL,
    permissible INTEGER NOT NULL,
    weighings INTEGER NOT NULL,
    doubt INTEGER NOT NULL,
    covered_s INTEGER NOT NULL,
    collections INTEGER NOT NULL,
    flags TEXT NOT NULL,         -- apart by spaces
    fullest INTEGER,             -- permille: the highest that the fill sensor told; NULL: nothing good
    UNIQUE (platform, day, revision)
);
CREATE INDEX platform_day_day ON platform_day (day);
CREATE TABLE platform_day_events (
    platform BIGINT NOT NULL,
    day INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    body {blob} NOT NULL,        -- the events that began in the day, where there are any
    PRIMARY KEY (platform, day, revision)
);
CREATE TABLE closing (           -- months whose reported figures stay what they were
    month TEXT PRIMARY KEY,      -- YYYY-MM
    at BIGINT NOT NULL,
    by TEXT NOT NULL,
    last BIGINT NOT NULL,        -- the highest id of platform_day then
    registry {blob} NOT NULL     -- who stood where then
);
