-- Calibrations. Every table here is only ever added to: the triggers see to it.
CREATE TABLE weighed (           -- by what a channel weighed, from a reading on
    id INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES stream (id),
    channel TEXT NOT NULL,
    since INTEGER NOT NULL,      -- first seq
    calibration TEXT NOT NULL,   -- its id on the board
    date TEXT NOT NULL,
    zero INTEGER NOT NULL,       -- counts
    counts_per_kg REAL NOT NULL,
    t_c REAL,
    zero_per_c REAL,
    span_ppm_per_c REAL,
    received INTEGER NOT NULL
);
CREATE INDEX weighed_channel ON weighed (stream, channel, since);
CREATE TABLE calibration (       -- sessions with known weights, also those that came to nothing
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    device TEXT NOT NULL,
    channel TEXT NOT NULL,
    calibration TEXT NOT NULL,
    by TEXT NOT NULL,
    way TEXT NOT NULL,           -- mqtt or serial
    outcome TEXT NOT NULL,       -- saved, forced, failed, or why the board refused
    e_kg REAL NOT NULL,
    max_kg REAL NOT NULL,
    body TEXT NOT NULL           -- JSON: points, fit, residuals, notes, old, reply
);
CREATE TABLE correction (        -- what a calibration should have been; the latest one counts
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    device TEXT NOT NULL,
    channel TEXT NOT NULL,
    calibration TEXT NOT NULL,
    zero INTEGER NOT NULL,
    counts_per_kg REAL NOT NULL,
    reason TEXT NOT NULL,
    by TEXT NOT NULL
);
CREATE TABLE restatement (       -- what a correction did to a day that had its figures
    id INTEGER PRIMARY KEY,
    correction INTEGER NOT NULL REFERENCES correction (id),
    date TEXT NOT NULL,
    site TEXT NOT NULL,
    stream TEXT NOT NULL,        -- 干垃圾 …
    deposited_before INTEGER NOT NULL,
    deposited_after INTEGER NOT NULL,
    collected_before INTEGER NOT NULL,
    collected_after INTEGER NOT NULL
);
CREATE INDEX restatement_date ON restatement (date);
CREATE TRIGGER weighed_stays BEFORE UPDATE ON weighed
BEGIN SELECT RAISE(ABORT, 'weighed: only ever added to'); END;
CREATE TRIGGER weighed_kept BEFORE DELETE ON weighed
BEGIN SELECT RAISE(ABORT, 'weighed: only ever added to'); END;
CREATE TRIGGER calibration_stays BEFORE UPDATE ON calibration
BEGIN SELECT RAISE(ABORT, 'calibration: only ever added to'); END;
CREATE TRIGGER calibration_kept BEFORE DELETE ON calibration
BEGIN SELECT RAISE(ABORT, 'calibration: only ever added to'); END;
CREATE TRIGGER correction_stays BEFORE UPDATE ON correction
BEGIN SELECT RAISE(ABORT, 'correction: only ever added to'); END;
CREATE TRIGGER correction_kept BEFORE DELETE ON correction
BEGIN SELECT RAISE(ABORT, 'correction: only ever added to'); END;
CREATE TRIGGER restatement_stays BEFORE UPDATE ON restatement
BEGIN SELECT RAISE(ABORT, 'restatement: only ever added to'); END;
CREATE TRIGGER restatement_kept BEFORE DELETE ON restatement
BEGIN SELECT RAISE(ABORT, 'restatement: only ever added to'); END;
