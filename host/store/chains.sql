-- Alarms and transfers become chains as the ledger is one: each row binds the one before. From
-- now on the database itself refuses to change or remove a row of the three.
ALTER TABLE alarm ADD COLUMN prev TEXT NOT NULL DEFAULT '';
ALTER TABLE alarm ADD COLUMN hash TEXT NOT NULL DEFAULT '';
ALTER TABLE transfer ADD COLUMN id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE transfer ADD COLUMN prev TEXT NOT NULL DEFAULT '';
ALTER TABLE transfer ADD COLUMN hash TEXT NOT NULL DEFAULT '';
CREATE TABLE alarm_head (     -- as ledger_head
    one INTEGER PRIMARY KEY,
    entries INTEGER NOT NULL,
    hash TEXT NOT NULL
);
CREATE TABLE transfer_head (  -- as ledger_head
    one INTEGER PRIMARY KEY,
    entries INTEGER NOT NULL,
    hash TEXT NOT NULL
);
