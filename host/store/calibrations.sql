-- Calibrations. Every table here is only ever added to: the engine sees to it.
CREATE TABLE weighed (           -- by what a channel weighed, from a reading on
    id {serial},
    stream BIGINT NOT NULL REFERENCES stream (id),
    channel TEXT NOT NULL,
    since BIGINT NOT NULL,      -- first seq
    calibration TEXT NOT NULL,   -- its id on the board
    date TEXT NOT NULL,
    zero INTEGER NOT NULL,       -- counts
    counts_per_kg DOUBLE PRECISION NOT NULL,
    t_c DOUBLE PRECISION,
    zero_per_c DOUBLE PRECISION,
    span_ppm_per_c DOUBLE PRECISION,
    received BIGINT NOT NULL
);
CREATE INDEX weighed_channel ON weighed (stream, channel, since);
CREATE TABLE calibration (       -- sessions with known weights, also those that came to nothing
    id {serial},
    at BIGINT NOT NULL,
    device TEXT NOT NULL,
    channel TEXT NOT NULL,
    calibration TEXT NOT NULL,
    by TEXT NOT NULL,
    way TEXT NOT NULL,           -- mqtt or serial
    outcome TEXT NOT NULL,       -- saved, forced, failed, or why the board refused
    e_kg DOUBLE PRECISION NOT NULL,
    max_kg DOUBLE PRECISION NOT NULL,
    body TEXT NOT NULL           -- JSON: points, fit, residuals, notes, old, reply
);
CREATE TABLE correction (        -- what a calibration should have been; the latest one counts
    id {serial},
    at BIGINT NOT NULL,
    device TEXT NOT NULL,
    channel TEXT NOT NULL,
    calibration TEXT NOT NULL,
    zero INTEGER NOT NULL,
    counts_per_kg DOUBLE PRECISION NOT NULL,
    reason TEXT NOT NULL,
    by TEXT NOT NULL
);
CREATE TABLE restatement (       -- what a correction did to a day that had its figures
    id {serial},
    correction BIGINT NOT NULL REFERENCES correction (id),
    date TEXT NOT NULL,
    site TEXT NOT NULL,
    stream TEXT NOT NULL,        -- 干垃圾 …
    deposited_before INTEGER NOT NULL,
    deposited_after INTEGER NOT NULL,
    collected_before INTEGER NOT NULL,
    collected_after INTEGER NOT NULL
);
CREATE INDEX restatement_date ON restatement (date);
