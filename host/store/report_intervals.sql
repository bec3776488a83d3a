-- How often boards report, as their birth messages say. Only ever added to.
CREATE TABLE report_interval (
    id {serial},
    stream BIGINT NOT NULL REFERENCES stream (id),
    since BIGINT NOT NULL,      -- Unix seconds: of the birth message; 0: it is the first of its life
    every_s INTEGER NOT NULL    -- at least one reading in so many seconds
);
CREATE INDEX report_interval_stream ON report_interval (stream, id);
