# SPDX-License-Identifier: Apache-2.0
# What the scripts share: where things are, which packages they need, and how to build.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${SUITD_BUILD:-$top/build}

build_packages=(autoconf automake pkg-config make gcc libc6-dev libcoap3-dev libmicrohttpd-dev
	libevent-dev libpq-dev libjansson-dev libcurl4-openssl-dev libinih-dev libsystemd-dev uuid-dev
	libssl-dev libical-dev libcmocka-dev)
demo_packages=(postgresql tzdata curl jq openssl procps)
check_packages=(libcoap3-bin python3 python3-pytest python3-cbor2 python3-cryptography
	python3-psycopg2 python3-requests python3-yaml python3-jsonschema universal-ctags clang
	clang-format libclang-rt-14-dev git faketime nginx-light)

bench_packages=(python3 python3-cbor2 python3-cryptography python3-psycopg2 python3-requests util-linux
	nginx-light wrk)

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

say() { echo "== $*"; }

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root (or sudo) to run: $*"
	fi
}

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" \
		</dev/null
}

# need_packages NAME...: installs those that are missing; asks for nothing when none is.
need_packages() {
	local missing=() name
	for name in "$@"; do
		is_installed "$name" || missing+=("$name")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "please install: ${missing[*]}"
	say "installing ${missing[*]}"
	# The list of packages may be missing or old: it is fetched only then.
	apt_install "${missing[@]}" >/dev/null 2>&1 || {
		as_root apt-get update -q </dev/null >/dev/null
		apt_install "${missing[@]}" >/dev/null
	}
}

# Configures on first use, then builds what changed. Arguments go to make.
build_tree() {
	local log=$build/build.log options=()
	[ "${CI:-}" != true ] || options=(--enable-werror)
	mkdir -p "$build"
	[ -x "$top/configure" ] || (cd "$top" && autoreconf -fi) >"$log" 2>&1 ||
		{ cat "$log" >&2; die "autoreconf failed"; }
	[ -x "$build/config.status" ] || (cd "$build" && "$top/configure" -q "${options[@]}") >"$log" 2>&1 ||
		{ cat "$log" >&2; die "configure failed"; }
	make -C "$build" -j"$(nproc)" "$@" >"$log" 2>&1 || { tail -n 60 "$log" >&2; die "build failed"; }
}
