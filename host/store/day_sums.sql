-- What the figures of a day come to for the whole district, so that a year need not be added up
-- anew from its platforms. Who writes a revision of a day removes its row.
CREATE TABLE day_sum (
    day INTEGER PRIMARY KEY,     -- days since 1970-01-01 in Shanghai
    made_with TEXT NOT NULL,     -- what it follows from beside revisions: registry or closing
    body TEXT NOT NULL           -- JSON
);
