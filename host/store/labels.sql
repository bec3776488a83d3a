-- 数字识别码 (HJ 1276-2022): every code that was handed out or given by a person, for good.
CREATE TABLE label_code (
    code TEXT PRIMARY KEY,
    stem TEXT NOT NULL,          -- the code without its serial
    serial INTEGER NOT NULL,
    entry INTEGER,               -- of the ledger, that it was handed out for; NULL: a person gave it
    t BIGINT NOT NULL            -- when, Unix seconds
);
CREATE INDEX label_code_stem ON label_code (stem, serial);
CREATE TABLE label_event (       -- what was done with a label: printed, void
    id {serial},
    code TEXT NOT NULL,
    what TEXT NOT NULL,
    t BIGINT NOT NULL,
    who TEXT NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX label_event_code ON label_event (code);
CREATE TABLE label_turn (        -- whoever hands out codes holds this row meanwhile
    one INTEGER PRIMARY KEY
);
INSERT INTO label_turn (one) VALUES (1);
