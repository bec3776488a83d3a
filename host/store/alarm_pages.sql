-- The log of alarms is read a page at a time, however long it is.
CREATE INDEX alarm_what ON alarm (what, alarm);
CREATE INDEX alarm_of ON alarm (alarm);
