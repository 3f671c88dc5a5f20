/* SPDX-License-Identifier: Apache-2.0 */
/* Latencies are counted in buckets of 1/16 of a power of two, so a percentile is 6 % off at most. */
#include "load_result.h"

enum { STEPS = 16, STEP_BITS = 4 };

static unsigned bucket_of(uint64_t ns)
{
	if (ns < STEPS)
		return (unsigned)ns;
	unsigned power = 63 - (unsigned)__builtin_clzll(ns);
	return (power - STEP_BITS + 1) * STEPS +
	       (unsigned)(ns >> (power - STEP_BITS) & (STEPS - 1));
}

/* The upper end. */
static double bucket_us(unsigned bucket)
{
	if (bucket < STEPS)
		return bucket / 1e3;
	unsigned power = bucket / STEPS + STEP_BITS - 1;
	return (double)((uint64_t)(STEPS + bucket % STEPS + 1) << (power - STEP_BITS)) / 1e3;
}

void load_result_note(struct load_result *result, int64_t latency_ns)
{
	result->latencies[bucket_of((uint64_t)latency_ns)]++;
	if (latency_ns > result->max_ns)
		result->max_ns = latency_ns;
}

static double percentile_us(const struct load_result *result, double share)
{
	uint64_t all = 0, passed = 0;
	for (unsigned i = 0; i < LOAD_BUCKETS; i++)
		all += result->latencies[i];
	for (unsigned i = 0; i < LOAD_BUCKETS; i++) {
		passed += result->latencies[i];
		if (passed > 0 && (double)passed >= share * (double)all)
			return bucket_us(i);
	}
	return 0;
}

void load_result_print(const struct load_result *result, const char *mode, FILE *out)
{
	double seconds = (double)result->took_ns / 1e9;
	double rate = seconds > 0 ? (double)result->answered / seconds : 0;
	fprintf(out, "{\"mode\":\"%s\",\"rate\":%.1f,\"seconds\":%.4f", mode, rate, seconds);
	fprintf(out, ",\"sent\":%ju,\"answered\":%ju,\"wrong\":%ju,\"lost\":%ju",
		(uintmax_t)result->sent, (uintmax_t)result->answered, (uintmax_t)result->wrong,
		(uintmax_t)result->lost);
	fprintf(out, ",\"retransmitted\":%ju,\"repeated\":%ju", (uintmax_t)result->retransmitted,
		(uintmax_t)result->repeated);
	fprintf(out, ",\"dropped\":%ju,\"held\":%ju,\"doubled\":%ju", (uintmax_t)result->dropped,
		(uintmax_t)result->held, (uintmax_t)result->doubled);
	fprintf(out, ",\"payload_bytes\":%ju,\"answer_bytes\":%.1f",
		(uintmax_t)result->payload_bytes,
		result->answered ? (double)result->bytes / (double)result->answered : 0);
	fprintf(out, ",\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f",
		percentile_us(result, 0.5), percentile_us(result, 0.9), percentile_us(result, 0.99),
		(double)result->max_ns / 1e3);
	if (result->complaint)
		fprintf(out, ",\"complaint\":\"%s, code %u.%02u\"", result->complaint,
			result->wrong_code >> 5, result->wrong_code & 31u);
	fputs("}\n", out);
}
