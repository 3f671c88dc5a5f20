# SPDX-License-Identifier: Apache-2.0
# Turns sql/queries/*.sql into rows of an X macro: STATEMENT(DEVICE_GET, "device_get", "SELECT ...").
# A statement begins with a line "-- name: device_get"; other lines that begin with "--" are comments.

function fail(message)
{
	print FILENAME ":" FNR ": " message >"/dev/stderr"
	failed = 1
	exit 1
}

function escaped(line)
{
	gsub(/\\/, "&&", line)
	gsub(/"/, "\\\\&", line)
	return line
}

function finish(   i, last)
{
	if (name == "")
		return
	if (n_lines == 0)
		fail("statement " name " is empty")
	last = lines[n_lines]
	sub(/;$/, "", last)
	lines[n_lines] = last
	printf "STATEMENT(%s, \"%s\",\n", toupper(name), name
	for (i = 1; i <= n_lines; i++) {
		if (lines[i] ~ /;$/)
			fail("statement " name " has a semicolon before its end")
		printf "\t\"%s%s\"%s\n", escaped(lines[i]), i < n_lines ? "\\n" : "", i < n_lines ? "" : ")"
	}
	name = ""
}

FNR == 1 { finish() }

{ sub(/[ \t\r]+$/, "") }

/^-- name: / {
	finish()
	name = substr($0, 10)
	n_lines = 0
	if (name !~ /^[a-z][a-z0-9_]*$/)
		fail("bad statement name \"" name "\"")
	if (name in seen)
		fail("statement " name " is there twice")
	seen[name] = 1
	next
}

/^--/ || /^$/ { next }

name == "" { fail("text outside of a named statement") }

{ lines[++n_lines] = $0 }

END {
	if (!failed)
		finish()
}
