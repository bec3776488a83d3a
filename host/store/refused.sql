-- How much of a board was refused on a day: what goes over the limits is counted, not kept.
CREATE TABLE refused (
    sender TEXT NOT NULL,        -- the board that the topic names
    day INTEGER NOT NULL,        -- days since 1970-01-01 in Shanghai
    kept BIGINT NOT NULL,        -- messages in quarantine
    bytes BIGINT NOT NULL,       -- of them, as far as they are limited
    over BIGINT NOT NULL,        -- messages that were not kept
    PRIMARY KEY (sender, day)
);
