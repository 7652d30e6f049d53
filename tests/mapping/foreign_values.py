"""Values that another program may write into a row of a SQLite mapping, and no command does."""

from __future__ import annotations

ROW = {
    "id": "9",
    "name": "'a.example'",
    "valid_from": "1",
    "plan": "'standard'",
    "params": "'{}'",
    "note": "NULL",
    "changed_by": "'root'",
    "recorded_at": "1",
}
"""A row that a command could write, as expressions of SQL."""

VALUES = {
    "the highest id": ("id", "9223372036854775807"),
    "id 0": ("id", "0"),
    "text as an id": ("id", "'abc'"),
    "a long id": ("id", "zeroblob(3000000)"),
    "octets of a number as an id": ("id", "x'3132'"),
    "time as octets of a number": ("valid_from", "x'3132'"),
    "text as the time of writing": ("recorded_at", "'soon'"),
    "time of writing that is no UTF-8": ("recorded_at", "CAST(x'ff' AS TEXT)"),
    "params as octets": ("params", "x'7b7d'"),
    "plan that is no UTF-8": ("plan", "CAST(x'ff' AS TEXT)"),
    "name in capitals": ("name", "'A.example'"),
    "no name": ("name", "'a b'"),
    "name as octets": ("name", "x'612e6578616d706c65'"),
    "text as a time": ("valid_from", "'soon'"),
    "time as a fraction": ("valid_from", "1.5"),
    "time out of range": ("valid_from", "253402300800"),
    "time before 1970": ("recorded_at", "-1"),
    "plan as octets": ("plan", "x'00'"),
    "plan with an escape sequence": ("plan", "char(27) || ']0;'"),
    "long plan": ("plan", "printf('%064d', 0)"),
    "params are no JSON": ("params", "'{'"),
    "params are a list": ("params", "'[]'"),
    "params with spaces": ("params", "'{ }'"),
    "params with a lone surrogate": ("params", """'{"x":"\\ud800"}'"""),
    "params with a control character": ("params", """'{"x":"\\u001b"}'"""),
    "params without end": ("params", "printf('%.*c', 100000, '[')"),
    "note as octets": ("note", "x'ff'"),
    "note that is no UTF-8": ("note", "CAST(x'ff' AS TEXT)"),
    "note with half of a pair": ("note", "CAST(x'eda080' AS TEXT)"),
    "note with an escape sequence": ("note", "char(27) || ']0;'"),
    "note with NUL": ("note", "CAST(x'6100' AS TEXT)"),
    "long author": ("changed_by", "printf('%0256d', 0)"),
    "author with a line end": ("changed_by", "char(10)"),
}
"""For each, a column and the value instead of that in `ROW`."""
