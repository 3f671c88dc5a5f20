#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a cmocka program and mends its TAP: cmocka says "not ok" of a test that it skipped, which the
# driver of automake counts as a failure.
output=$(mktemp)
trap 'rm -f "$output"' EXIT
"$@" >"$output"
status=$?
sed 's/^not ok \([0-9]*\) # SKIP/ok \1 # SKIP/' "$output"
exit $status
