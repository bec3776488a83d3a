-- What became of each row of alarm on each way to people (e-mail, webhook). Only added to.
CREATE TABLE alarm_delivery (
    channel TEXT NOT NULL,       -- email, webhook
    id INTEGER NOT NULL,         -- of the row of alarm
    t BIGINT NOT NULL,
    how TEXT NOT NULL,           -- sent, folded (came again too soon), mild, given up
    PRIMARY KEY (channel, id)
);
CREATE TABLE alarm_channel (     -- where a channel stands
    channel TEXT PRIMARY KEY,
    after INTEGER NOT NULL,      -- everything up to this row of alarm is done
    tries INTEGER NOT NULL,      -- failures in a row
    since BIGINT NOT NULL,       -- first of them, Unix seconds
    next_t BIGINT NOT NULL,      -- not before this
    attempt TEXT NOT NULL,       -- JSON: the rows under way, so that a repetition is known as one
    error TEXT NOT NULL          -- of the last failure
);
