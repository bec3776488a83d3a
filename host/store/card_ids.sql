-- Ids of cards that boards read, apart from the readings so that they can go: a reading keeps that
-- there was a card.
CREATE TABLE card_id (
    stream INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    channel TEXT NOT NULL,
    id INTEGER NOT NULL,
    received BIGINT NOT NULL,    -- Unix seconds
    PRIMARY KEY (stream, seq, channel)
);
CREATE INDEX card_id_received ON card_id (received);
