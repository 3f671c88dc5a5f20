/* SPDX-License-Identifier: Apache-2.0 */
/* Which datagrams are one record of application data; the rest needs a peer: tests/integration/test_coap_fast_secure.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "server/coap_record.h"

enum { BODY_BYTES = 20 };

struct datagram {
	uint8_t bytes[13 + BODY_BYTES];
};

/* DTLS 1.2, epoch 1. */
static struct datagram data_record(void)
{
	return (struct datagram){ { 23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, BODY_BYTES } };
}

static bool is_data(const struct datagram *datagram, size_t len)
{
	return coap_record_is_data(su_span_of(datagram->bytes, len));
}

static bool is_data_with(size_t at, uint8_t value)
{
	struct datagram changed = data_record();
	changed.bytes[at] = value;
	return is_data(&changed, sizeof(changed.bytes));
}

static void takes_one_record_of_data(void **state)
{
	(void)state;
	const struct datagram good = data_record();
	assert_true(is_data(&good, sizeof(good.bytes)));
	assert_true(is_data_with(2, 0xff)); /* DTLS 1.0 */
	assert_true(is_data_with(3, 1));
}

static void leaves_other_records(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++)
		assert_int_equal(is_data_with(0, (uint8_t)type), type == 23);
	assert_false(is_data_with(1, 3)); /* TLS */
	assert_false(is_data_with(4, 0)); /* not encrypted */
}

static void leaves_what_is_not_just_one(void **state)
{
	(void)state;
	const struct datagram good = data_record();
	for (size_t len = 0; len < sizeof(good.bytes); len++)
		assert_false(is_data(&good, len));
	assert_false(is_data_with(12, BODY_BYTES - 1));
	assert_false(is_data_with(12, BODY_BYTES + 1));
	assert_false(is_data_with(11, 1));
}

static void is_made_and_freed(void **state)
{
	(void)state;
	struct coap_record *record = coap_record_new();
	assert_non_null(record);
	coap_record_free(&record);
	assert_null(record);
	coap_record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_one_record_of_data),
		cmocka_unit_test(leaves_other_records),
		cmocka_unit_test(leaves_what_is_not_just_one),
		cmocka_unit_test(is_made_and_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
