/* SPDX-License-Identifier: Apache-2.0 */
/* The same message in CBOR and in JSON must read the same; whatever breaks a rule is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/hex.h"
#include "model/device_keys.h"
#include "server/device_wire.h"

#define VENDOR  "fa6b4a53d5ad5fdfbe9de663e4d41ffe"
#define CLASS   "1492af1425695e48bf429b2d51f2ab45"
#define DIGEST  "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"
#define RELEASE DIGEST

static const char registration_cbor[] = "a3" /* map of 3 */
					"01"
					"190258" /* lifetime 600 */
					"02"
					"01" /* envelope_form severed */
					"03"
					"ab" /* characteristics, 11 of them */
					"01"
					"81"
					"50" VENDOR "02"
					"81"
					"50" CLASS "03"
					"50"
					"000102030405060708090a0b0c0d0e0f"
					"04"
					"64"
					"53313233" /* "S123" */
					"05"
					"64"
					"41636d65" /* "Acme" */
					"06"
					"62"
					"5831" /* "X1" */
					"07"
					"62"
					"7232" /* "r2" */
					"08"
					"65"
					"68616c6c31" /* "hall1" */
					"09"
					"1903e8"
					"0a"
					"1a00010000"
					"0b"
					"81"
					"a6"
					"01"
					"81"
					"41"
					"00"
					"02"
					"82"
					"2f"
					"5820" DIGEST "03"
					"07"
					"04"
					"83"
					"010203"
					"05"
					"190400"
					"06"
					"01";

static const char registration_json[] =
	"{\"lifetime\": 600, \"envelope_form\": \"severed\", \"characteristics\": {"
	"\"vendor_ids\": [\"fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe\"],"
	"\"class_ids\": [\"1492af14-2569-5e48-bf42-9b2d51f2ab45\"],"
	"\"device_id\": \"00010203-0405-0607-0809-0a0b0c0d0e0f\","
	"\"serial\": \"S123\", \"manufacturer\": \"Acme\", \"model\": \"X1\","
	"\"hardware_version\": \"r2\", \"site\": \"hall1\","
	"\"battery_mwh\": 1000, \"free_memory_bytes\": 65536,"
	"\"components\": [{\"component\": \"[h'00']\", \"digest\": \"sha256:" DIGEST "\","
	"\"sequence_number\": 7, \"version\": \"1.2.3\", \"size_bytes\": 1024,"
	"\"active_slot\": 1}]}}";

static struct su_span from_hex(struct su_arena *arena, const char *hex)
{
	size_t len;
	uint8_t *bytes = su_arena_alloc(arena, strlen(hex) / 2 + 1);
	assert_int_equal(
		su_hex_decode(su_span_str(hex), bytes, strlen(hex) / 2, &len, NULL), SU_OK);
	return su_span_of(bytes, len);
}

static void check_component(const struct installed_component *installed)
{
	char digest[DIGEST_TEXT_SIZE];
	digest_format(&installed->digest, digest);
	assert_string_equal(digest, "sha256:" DIGEST);
	assert_int_equal(installed->id.encoded.len, 3);
	assert_memory_equal(installed->id.encoded.data, "\x81\x41\x00", 3);
	assert_true(installed->has_sequence_number);
	assert_int_equal(installed->sequence_number, 7);
	assert_int_equal(installed->version.n_parts, 3);
	assert_int_equal(installed->version.parts[2], 3);
	assert_true(installed->has_size && installed->has_slot);
	assert_int_equal(installed->size_bytes, 1024);
	assert_int_equal(installed->active_slot, 1);
}

static void check_registration(const struct registration *registration)
{
	const struct characteristics *told = &registration->told;
	char text[SU_UUID_TEXT_SIZE];
	assert_int_equal(registration->lifetime_s, 600);
	assert_true(registration->has_envelope_form);
	assert_int_equal(registration->envelope_form, ENVELOPE_SEVERED);
	assert_true(registration->has_characteristics);
	assert_int_equal(told->n_vendor_ids, 1);
	su_uuid_format(told->vendor_ids[0], text);
	assert_string_equal(text, "fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe");
	assert_int_equal(told->n_class_ids, 1);
	assert_true(told->has_device_id);
	assert_string_equal(told->serial, "S123");
	assert_string_equal(told->manufacturer, "Acme");
	assert_string_equal(told->model, "X1");
	assert_string_equal(told->hardware_version, "r2");
	assert_string_equal(told->site, "hall1");
	assert_true(told->has_battery && told->has_free_memory);
	assert_int_equal(told->battery_mwh, 1000);
	assert_int_equal(told->free_memory_bytes, 65536);
	assert_int_equal(told->n_components, 1);
	check_component(&told->components[0]);
}

static void test_reads_a_registration_in_both_formats(void **state)
{
	struct su_arena *arena = *state;
	struct registration registration;
	assert_int_equal(device_wire_read_registration(WIRE_CBOR,
				 from_hex(arena, registration_cbor), arena, &registration, NULL),
		SU_OK);
	check_registration(&registration);
	assert_int_equal(device_wire_read_registration(WIRE_JSON, su_span_str(registration_json),
				 arena, &registration, NULL),
		SU_OK);
	check_registration(&registration);
}

static void test_reads_an_empty_registration(void **state)
{
	struct su_arena *arena = *state;
	struct registration registration;
	assert_int_equal(device_wire_read_registration(
				 WIRE_CBOR, from_hex(arena, "a0"), arena, &registration, NULL),
		SU_OK);
	assert_int_equal(registration.lifetime_s, 0);
	assert_false(registration.has_characteristics || registration.has_envelope_form);
	assert_int_equal(device_wire_read_registration(
				 WIRE_JSON, su_span_str("{}"), arena, &registration, NULL),
		SU_OK);
}

static void check_status(const struct status_message *message)
{
	char digest[DIGEST_TEXT_SIZE];
	assert_true(message->has_deployment && message->has_release && message->has_state);
	digest_format(&message->release, digest);
	assert_string_equal(digest, "sha256:" RELEASE);
	assert_int_equal(message->state, DEPLOYMENT_FAILED);
	assert_true(message->has_progress);
	assert_int_equal(message->progress_bytes, 4096);
	assert_string_equal(message->reason, "no space");
	assert_false(message->has_characteristics);
	assert_int_equal(message->deployment.bytes[15], 0x0f);
}

static void test_reads_a_status_in_both_formats(void **state)
{
	struct su_arena *arena = *state;
	struct status_message message;
	assert_int_equal(device_wire_read_status(WIRE_CBOR,
				 from_hex(arena, "a5"
						 "0450000102030405060708090a0b0c0d0e0f"
						 "05822f5820" RELEASE "0609"
						 "07191000"
						 "08686e6f207370616365"),
				 arena, &message, NULL),
		SU_OK);
	check_status(&message);
	assert_int_equal(
		device_wire_read_status(WIRE_JSON,
			su_span_str("{\"deployment\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\","
				    "\"release\":\"sha256:" RELEASE "\",\"state\":\"failed\","
				    "\"progress\":4096,\"reason\":\"no space\"}"),
			arena, &message, NULL),
		SU_OK);
	check_status(&message);
}

static void check_calendar(const struct status_message *message)
{
	const struct calendar *calendar = message->calendar;
	assert_non_null(calendar);
	assert_string_equal(calendar->time_zone, "Europe/Berlin");
	assert_int_equal(calendar->n_windows, 2);
	assert_int_equal(calendar->windows[0].form, WINDOW_WEEKLY);
	assert_int_equal(calendar->windows[0].meaning, WINDOW_IDLE);
	assert_int_equal(calendar->windows[0].days, WINDOW_EVERY_DAY);
	assert_int_equal(calendar->windows[0].start_minute, 60);
	assert_int_equal(calendar->windows[0].duration_min, 120);
	assert_int_equal(calendar->windows[1].form, WINDOW_INTERVAL);
	assert_int_equal(calendar->windows[1].meaning, WINDOW_BUSY);
	assert_int_equal(calendar->windows[1].until_ms, INT64_C(1800000000000));
	assert_int_equal(message->answer->kind, ANSWER_AT);
	assert_int_equal(message->answer->at_ms, INT64_C(1800000000000));
	assert_string_equal(message->answer->reason, "later");
}

static void test_reads_a_calendar_in_both_formats(void **state)
{
	struct su_arena *arena = *state;
	struct status_message message;
	assert_int_equal(
		device_wire_read_status(WIRE_CBOR,
			from_hex(arena, "a209a2016d4575726f70652f4265726c696e0282a302187f03183c0418"
					"78a20101061a6b49d2000aa30101021a6b49d20003656c61746572"),
			arena, &message, NULL),
		SU_OK);
	check_calendar(&message);
	assert_int_equal(
		device_wire_read_status(WIRE_JSON,
			su_span_str("{\"calendar\":{\"time_zone\":\"Europe/Berlin\",\"windows\":["
				    "{\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\","
				    "\"sun\"],"
				    "\"start\":\"01:00\",\"duration\":\"PT2H\"},"
				    "{\"meaning\":\"busy\",\"until\":\"2027-01-15T08:00:00Z\"}]},"
				    "\"answer\":{\"answer\":\"at\",\"at\":\"2027-01-15T08:00:00Z\","
				    "\"reason\":\"later\"}}"),
			arena, &message, NULL),
		SU_OK);
	check_calendar(&message);
}

static void test_reads_a_profile(void **state)
{
	struct su_arena *arena = *state;
	struct registration registration;
	assert_int_equal(device_wire_read_registration(WIRE_CBOR,
				 from_hex(arena, "a203a10ca5010202f405f506185d081904e204a10280"),
				 arena, &registration, NULL),
		SU_OK);
	const struct profile *profile = &registration.told.profile;
	assert_int_equal(profile->reachability, REACH_QUEUE);
	assert_true(profile->has_always_on && !profile->always_on);
	assert_true(profile->has_takes_push && profile->takes_push);
	assert_int_equal(profile->awake_s, 93);
	assert_int_equal(profile->link_bytes_per_s, 1250);
	assert_false(profile->has_install || profile->has_answers || profile->has_behind_nat);
	assert_non_null(registration.calendar);
	assert_int_equal(registration.calendar->n_windows, 0);
	assert_true(device_wire_changes(&registration));
}

static void test_refuses_calendars_that_say_nothing(void **state)
{
	struct su_arena *arena = *state;
	static const struct {
		const char *body, *field, *text;
	} bad[] = {
		{ "a109a10281a202187f03183c", "calendar.windows[0]",
			"must have days, start and duration, or until and maybe from" },
		{ "a109a10281a402187f03183c04050605", "calendar.windows[0]",
			"must have days, start and duration, or until and maybe from" },
		{ "a109a10281a302188003183c0405", "calendar.windows[0].days",
			"must be at most 127" },
		{ "a109a10163555443", "calendar.windows", "must be given" },
		{ "a109a10281a1061b0000003afff44180", "calendar.windows[0].until",
			"must be a time before the year 10000" },
		{ "a103a10ca10800", "characteristics.profile.link_bytes_per_s",
			"must be at least 1 byte per second" },
	};
	struct status_message message;
	struct su_error err = { 0 };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(device_wire_read_status(WIRE_CBOR, from_hex(arena, bad[i].body),
					 arena, &message, &err),
			SU_INVALID);
		assert_string_equal(err.field, bad[i].field);
		assert_string_equal(err.text, bad[i].text);
	}
	assert_int_equal(device_wire_read_status(WIRE_JSON,
				 su_span_str("{\"calendar\":{\"windows\":[{\"rule\":\"FREQ=DAILY\","
					     "\"duration\":\"PT1H\"}]}}"),
				 arena, &message, &err),
		SU_INVALID);
	assert_string_equal(err.field, "calendar.windows");
}

struct refusal {
	const char *body, *field, *text;
};

static void test_refuses_cbor_and_names_the_place(void **state)
{
	struct su_arena *arena = *state;
	static const struct refusal refusals[] = {
		{ "", "", "the input ends" },
		{ "80", "", "expected a map" },
		{ "a000", "", "bytes follow" },
		{ "a10900", "", "unknown key 9" },
		{ "a12000", "", "unknown key -1" },
		{ "a201183c01183c", "lifetime", "twice" },
		{ "bf01183cff", "", "indefinite" },
		{ "a1013b00", "lifetime", "" },
		{ "a10100", "lifetime", "60 to 31536000" },
		{ "a101181e", "lifetime", "60 to 31536000" },
		{ "a1011bffffffffffffffff", "lifetime", "too large" },
		{ "a10202", "envelope_form", "none of the known" },
		{ "a103a10d00", "characteristics", "unknown key 13" },
		{ "a103a10180", "characteristics.vendor_ids", "empty" },
		{ "a103a1018141aa", "characteristics.vendor_ids[0]", "16 bytes" },
		{ "a103a10460", "characteristics.serial", "1 to 64 bytes" },
		{ "a103a1046107", "characteristics.serial", "cannot be shown" },
		{ "a103a10461ff", "characteristics.serial", "UTF-8" },
		{ "a103a10b81a0", "characteristics.components[0].component", "must be given" },
		{ "a103a10b81a10180", "characteristics.components[0].component", "array of 1" },
		{ "a103a10b82a101814100a101814100", "characteristics.components[1].component",
			"twice" },
		{ "a103a10b81a201814100028226582000", "characteristics.components[0].digest", "" },
		{ "a103a10b81a2018141000282024100", "characteristics.components[0].digest",
			"SHA-256" },
		{ "a103a10b81a201814100022f", "characteristics.components[0].digest",
			"expected an array" },
		{ "a103a10b81a20181410004890101010101010101"
		  "01",
			"characteristics.components[0].version", "1 to 8" },
		{ "a103a10b9821", "characteristics.components", "" },
	};
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct registration registration;
		struct su_error err = { 0 };
		enum su_status status = device_wire_read_registration(
			WIRE_CBOR, from_hex(arena, refusals[i].body), arena, &registration, &err);
		if (status == SU_OK || strcmp(err.field, refusals[i].field) != 0 ||
			!strstr(err.text, refusals[i].text))
			fail_msg("%s: \"%s\": %s", refusals[i].body, err.field, err.text);
	}
}

static void test_refuses_json_and_names_the_place(void **state)
{
	struct su_arena *arena = *state;
	static const struct refusal refusals[] = {
		{ "", "", "not JSON" },
		{ "[]", "", "an object" },
		{ "{} x", "", "not JSON" },
		{ "{\"lifetime\":60,\"lifetime\":60}", "", "not JSON" },
		{ "{\"colour\":1}", "", "unknown member \"colour\"" },
		{ "{\"lifetime\":\"60\"}", "lifetime", "integer" },
		{ "{\"lifetime\":-60}", "lifetime", "integer" },
		{ "{\"lifetime\":59}", "lifetime", "60 to" },
		{ "{\"envelope_form\":\"tiny\"}", "envelope_form", "full, severed" },
		{ "{\"characteristics\":{\"x\":1}}", "characteristics", "unknown member" },
		{ "{\"characteristics\":{\"components\":[{\"component\":\"boot\"}]}}",
			"characteristics.components[0].component", "" },
		{ "{\"characteristics\":{\"components\":[{\"component\":\"[h'00']\","
		  "\"digest\":\"md5:00\"}]}}",
			"characteristics.components[0].digest", "" },
		{ "{\"characteristics\":{\"components\":[{\"component\":\"[h'00']\","
		  "\"version\":\"new\"}]}}",
			"characteristics.components[0].version", "version" },
	};
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct registration registration;
		struct su_error err = { 0 };
		enum su_status status = device_wire_read_registration(
			WIRE_JSON, su_span_str(refusals[i].body), arena, &registration, &err);
		if (status == SU_OK || strcmp(err.field, refusals[i].field) != 0 ||
			!strstr(err.text, refusals[i].text))
			fail_msg("%s: \"%s\": %s", refusals[i].body, err.field, err.text);
	}
}

static void test_refuses_states_that_devices_do_not_report(void **state)
{
	struct su_arena *arena = *state;
	struct status_message message;
	struct su_error err = { 0 };
	assert_int_equal(device_wire_read_status(
				 WIRE_CBOR, from_hex(arena, "a10608"), arena, &message, &err),
		SU_INVALID);
	assert_string_equal(err.field, "state");
	assert_int_equal(device_wire_read_status(WIRE_JSON,
				 su_span_str("{\"state\":\"confirmed\"}"), arena, &message, &err),
		SU_INVALID);
	assert_string_equal(err.field, "state");
}

/* No proper prefix of a message is a message. */
static void test_refuses_every_truncation(void **state)
{
	struct su_arena *arena = *state;
	struct su_span whole = from_hex(arena, registration_cbor);
	struct registration registration;
	for (size_t len = 0; len < whole.len; len++)
		assert_int_equal(device_wire_read_registration(WIRE_CBOR,
					 su_span_of(whole.data, len), arena, &registration, NULL),
			SU_INVALID);
	for (size_t len = 0; len < strlen(registration_json); len++)
		assert_int_equal(
			device_wire_read_registration(WIRE_JSON, su_span_of(registration_json, len),
				arena, &registration, NULL),
			SU_INVALID);
}

/* A component identifier is its deterministic encoding, however the device wrote it. */
static void test_component_is_written_anew(void **state)
{
	struct su_arena *arena = *state;
	struct registration registration;
	assert_int_equal(
		device_wire_read_registration(WIRE_CBOR,
			from_hex(arena, "a103a10b81a1019801580100"), arena, &registration, NULL),
		SU_OK);
	assert_int_equal(registration.told.components[0].id.encoded.len, 3);
	assert_memory_equal(registration.told.components[0].id.encoded.data, "\x81\x41\x00", 3);
}

static int make_arena(void **state)
{
	*state = su_arena_new();
	return 0;
}

static int free_arena(void **state)
{
	struct su_arena *arena = *state;
	su_arena_free(&arena);
	return 0;
}

int main(void)
{
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, free_arena)
	const struct CMUnitTest tests[] = {
		WITH_ARENA(test_reads_a_registration_in_both_formats),
		WITH_ARENA(test_reads_an_empty_registration),
		WITH_ARENA(test_reads_a_status_in_both_formats),
		WITH_ARENA(test_reads_a_calendar_in_both_formats),
		WITH_ARENA(test_reads_a_profile),
		WITH_ARENA(test_refuses_calendars_that_say_nothing),
		WITH_ARENA(test_refuses_cbor_and_names_the_place),
		WITH_ARENA(test_refuses_json_and_names_the_place),
		WITH_ARENA(test_refuses_states_that_devices_do_not_report),
		WITH_ARENA(test_refuses_every_truncation),
		WITH_ARENA(test_component_is_written_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
