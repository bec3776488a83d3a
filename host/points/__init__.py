"""Collection points: what their boards and bins show, measured for the rules of alarms."""
