#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The generators that embed SQL: what they make, and what they refuse.
set -u
: "${srcdir:=.}"
awk=${AWK:-awk}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

result() # STATUS NAME
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

statements()
{
	"$awk" -f "$srcdir/build-aux/embed_statements.awk" "$@" 2>"$dir/message"
}

refuses() # TEXT MESSAGE NAME
{
	printf '%s\n' "$1" >"$dir/bad.sql"
	! statements "$dir/bad.sql" >"$dir/out" && grep -q "$2" "$dir/message"
	result $? "$3"
}

echo 1..11

cat >"$dir/good.sql" <<'SQL'
-- a comment
-- name: thing_get
-- another
SELECT "quoted", E'\\x'
FROM thing;

-- name: thing_list
SELECT 1
SQL
cat >"$dir/expected" <<'INC'
STATEMENT(THING_GET, "thing_get",
	"SELECT \"quoted\", E'\\\\x'\n"
	"FROM thing")
STATEMENT(THING_LIST, "thing_list",
	"SELECT 1")
INC
statements "$dir/good.sql" | cmp -s - "$dir/expected"
result $? "statements become rows of an X macro"

cat >"$dir/rows.sql" <<'SQL'
-- name: things_put
-- of one row: thing_put
UPDATE thing SET n = v.n
FROM unnest($1::text[],
	$2::bigint[]) AS v (name, n)
SQL
cat >"$dir/expected" <<'INC'
STATEMENT(THINGS_PUT, "things_put",
	"UPDATE thing SET n = v.n\n"
	"FROM unnest($1::text[],\n"
	"	$2::bigint[]) AS v (name, n)")
STATEMENT(THING_PUT, "thing_put",
	"UPDATE thing SET n = v.n\n"
	"FROM (VALUES ($1::text,\n"
	"	$2::bigint)) AS v (name, n)")
INC
statements "$dir/rows.sql" | cmp -s - "$dir/expected"
result $? "a statement over arrays gets a twin for one row"

cat >"$dir/parts.sql" <<'SQL'
-- part: thing_row
SELECT n,
	name
FROM thing

-- name: thing_first
 :thing_row
WHERE n = 1
SQL
cat >"$dir/expected" <<'INC'
STATEMENT(THING_FIRST, "thing_first",
	" SELECT n,\n"
	"	name\n"
	"FROM thing\n"
	"WHERE n = 1")
INC
statements "$dir/parts.sql" | cmp -s - "$dir/expected"
result $? "what several statements share is written once"

refuses "-- name: a
SELECT 1 :other_row" "no part other_row above" "a part that is not there is refused"
refuses "SELECT 1" "outside of a named statement" "text without a name is refused"
refuses "-- name: Bad-Name" "bad name" "a name that C cannot have is refused"
refuses "-- name: empty" "is empty" "an empty statement is refused"
refuses "-- name: two
SELECT 1;
SELECT 2" "semicolon before its end" "two statements under one name are refused"
refuses "-- name: twice
SELECT 1
-- name: twice
SELECT 2" "is there twice" "a name that is there twice is refused"

printf 'CREATE TABLE "a" ();\n' >"$dir/0001_first.sql"
printf 'MIGRATION(1, "first",\n\t"CREATE TABLE \\"a\\" ();\\n"\n\t"")\n' >"$dir/expected"
"$awk" -f "$srcdir/build-aux/embed_migrations.awk" "$dir/0001_first.sql" | cmp -s - "$dir/expected"
result $? "migrations become rows of an X macro"

cp "$dir/0001_first.sql" "$dir/0003_third.sql"
! "$awk" -f "$srcdir/build-aux/embed_migrations.awk" "$dir/0001_first.sql" "$dir/0003_third.sql" \
	>"$dir/out" 2>&1
result $? "a gap in the numbers of migrations is refused"
