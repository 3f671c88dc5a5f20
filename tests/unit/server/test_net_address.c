/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text, both ways. */
#include "server/net_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_reads_and_writes_addresses(void **state)
{
	(void)state;
	const char *const rows[][2] = {
		{ "127.0.0.1:8080", "127.0.0.1:8080" },
		{ "0.0.0.0:0", "0.0.0.0:0" },
		{ "[::1]:65535", "[::1]:65535" },
		{ ":80", "[::]:80" },
		{ "*:80", "[::]:80" },
		{ "[::ffff:192.0.2.1]:80", "192.0.2.1:80" },
	};
	char text[NET_ADDRESS_TEXT_SIZE];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_address address;
		assert_int_equal(net_address_parse(rows[i][0], &address, NULL), SU_OK);
		const struct sockaddr *generic =
			(const struct sockaddr *)(const void *)&address.storage;
		net_address_format(generic, text);
		assert_string_equal(text, rows[i][1]);
	}
}

static void test_refuses_what_is_no_address(void **state)
{
	(void)state;
	const char *const rows[] = { "", ":", "127.0.0.1", "127.0.0.1:", "localhost:80", "::1:80",
		"[::1]", "[::1:80", "127.0.0.1:http", "127.0.0.1:70000", "300.0.0.1:80",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx:80" };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_address address;
		struct su_error err;
		assert_int_equal(net_address_parse(rows[i], &address, &err), SU_INVALID);
		assert_string_equal(err.field, "listen");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_and_writes_addresses),
		cmocka_unit_test(test_refuses_what_is_no_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
