# SPDX-License-Identifier: Apache-2.0
# Turns sql/queries/*.sql into rows of an X macro: STATEMENT(DEVICE_GET, "device_get", "SELECT ...").
# A statement begins with a line "-- name: device_get"; other lines that begin with "--" are comments.
# A line "-- of one row: NAME" gives a statement over arrays a twin whose parameters are the values of one row.
# What several statements of a file share is written once, after a line "-- part: device_row", and taken up by
# those below it as :device_row.

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

function print_statement(name,   i)
{
	printf "STATEMENT(%s, \"%s\",\n", toupper(name), name
	for (i = 1; i <= n_lines; i++) {
		if (lines[i] ~ /;$/)
			fail("statement " name " has a semicolon before its end")
		printf "\t\"%s%s\"%s\n", escaped(lines[i]), i < n_lines ? "\\n" : "", i < n_lines ? "" : ")"
	}
}

# unnest($1::uuid[], $2::text[]) becomes (VALUES ($1::uuid, $2::text)).
function make_twin(   i)
{
	for (i = 1; i <= n_lines; i++) {
		gsub(/unnest\(/, "(VALUES (", lines[i])
		gsub(/\[\]\)/, "))", lines[i])
		gsub(/\[\]/, "", lines[i])
	}
}

function take_name(new)
{
	if (new !~ /^[a-z][a-z0-9_]*$/)
		fail("bad name \"" new "\"")
	if (new in seen)
		fail(new " is there twice")
	seen[new] = 1
	return new
}

function with_parts(line,   called)
{
	while (match(line, /[ \t]:[a-z][a-z0-9_]*/)) {
		called = substr(line, RSTART + 2, RLENGTH - 2)
		if (!(called in parts))
			fail("there is no part " called " above")
		line = substr(line, 1, RSTART) parts[called] substr(line, RSTART + RLENGTH)
	}
	return line
}

function add(line,   n, i, split_up)
{
	n = split(with_parts(line), split_up, "\n")
	for (i = 1; i <= n; i++)
		lines[++n_lines] = split_up[i]
}

function keep_part(   i)
{
	parts[name] = lines[1]
	for (i = 2; i <= n_lines; i++)
		parts[name] = parts[name] "\n" lines[i]
	name = ""
}

function finish(   last)
{
	if (name == "")
		return
	if (n_lines == 0)
		fail((is_part ? "part " : "statement ") name " is empty")
	if (is_part) {
		keep_part()
		return
	}
	last = lines[n_lines]
	sub(/;$/, "", last)
	lines[n_lines] = last
	print_statement(name)
	if (twin != "") {
		make_twin()
		print_statement(twin)
	}
	name = twin = ""
}

FNR == 1 {
	finish()
	split("", parts)
}

{ sub(/[ \t\r]+$/, "") }

/^-- (name|part): / {
	finish()
	is_part = $2 == "part:"
	name = take_name(substr($0, 10))
	n_lines = 0
	next
}

/^-- of one row: / {
	twin = take_name(substr($0, 16))
	next
}

/^--/ || /^$/ { next }

name == "" { fail("text outside of a named statement or part") }

{ add($0) }

END {
	if (!failed)
		finish()
}
