-- Messages of boards that send so much that others would wait: stored when there is time.
CREATE TABLE deferred (
    id {serial},
    device TEXT NOT NULL,        -- the board that the topic names
    topic {blob} NOT NULL,
    payload {blob} NOT NULL
);
