# SPDX-License-Identifier: Apache-2.0
# Turns sql/NNNN_name.sql into rows of an X macro: MIGRATION(1, "initial", "CREATE ...").

function fail(message)
{
	print FILENAME ": " message >"/dev/stderr"
	failed = 1
	exit 1
}

FNR == 1 {
	if (number)
		print "\t\"\")"
	base = FILENAME
	sub(/^.*\//, "", base)
	if (base !~ /^[0-9][0-9][0-9][0-9]_[a-z0-9_]+\.sql$/)
		fail("a migration is named NNNN_name.sql")
	if (substr(base, 1, 4) + 0 != number + 1)
		fail("its number does not follow " number + 0)
	number++
	printf "MIGRATION(%d, \"%s\",\n", number, substr(base, 6, length(base) - 9)
}

{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\\&")
	printf "\t\"%s\\n\"\n", $0
}

END {
	if (!failed && number)
		print "\t\"\")"
}
