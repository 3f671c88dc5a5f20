/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's planner under a virtual clock: every choice is made by policy_mode, policy_calendar,
 * policy_next, policy_promise_ms, links_wish, policy_claim_key and capacity_book; here is only what
 * carries them out, and what the world answers.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "policy/decide.h"
#include "policy/estimate.h"
#include "policy/links.h"
#include "tools/sim_queue.h"
#include "tools/sim_strategy.h"
#include "tools/sim_trace.h"

#define NOBODY UINT32_MAX
/* So long those who ask at the same time are gathered before the most pressing gets a link. */
#define GATHER_MS SIM_SECOND_MS

struct course {
	struct situation situation;
	int64_t rest_ms;          /* of the transfer, truly */
	int64_t begun_ms, end_ms; /* of what is under way */
	int64_t noticed_ms;
	int64_t booked_ms, booked_length_ms; /* for the download; 0: not yet, or in the contact */
	int64_t interval_ms;                 /* of its polls */
	uint32_t turn;
	bool waits; /* for its turn on the links */
	bool is_planned;
};

struct run {
	const struct sim_task *task;
	const struct sim_fleet *fleet;
	struct sim_result *result;
	struct course *courses;
	struct sim_queue events, claims;
	struct capacity *capacity;
	struct estimate learned[SIM_KINDS + SIM_MAX_CLASSES], nothing;
	unsigned downloads;
	int64_t hands_out_ms; /* the next round of handing out links; 0: none is in the queue */
	int64_t forgot_ms;    /* when the ledger was last rid of what is over */
};

static void trace(const struct run *run, uint32_t index, int64_t now_ms, const char *decision)
{
	sim_trace_write(run->task, index, now_ms, decision, NULL);
}

static void wake(struct run *run, uint32_t index, int64_t at_ms)
{
	uint32_t turn = ++run->courses[index].turn;
	if (at_ms < run->fleet->until_ms)
		sim_queue_push(&run->events,
			(struct sim_event){ .at = at_ms, .device = index, .turn = turn });
}

static void hand_out_at(struct run *run, int64_t at_ms)
{
	if (run->hands_out_ms != 0 && run->hands_out_ms <= at_ms)
		return;
	run->hands_out_ms = at_ms;
	sim_queue_push(&run->events, (struct sim_event){ .at = at_ms, .device = NOBODY });
}

static uint64_t bytes_left(
	const struct run *run, const struct sim_device *device, const struct course *course)
{
	return (uint64_t)((double)run->fleet->image_bytes * (double)course->rest_ms /
			  (double)device->transfer_ms) +
	       1;
}

static void expect(const struct run *run, uint32_t index)
{
	const struct sim_device *device = &run->fleet->devices[index];
	struct course *course = &run->courses[index];
	const struct estimate *learned =
		device->class_no == SIM_NO_CLASS ? &run->nothing : &run->learned[device->class_no];
	course->situation.transfer_ms =
		estimate_transfer_ms(learned, &device->profile, bytes_left(run, device, course));
	course->situation.install_ms = estimate_install_ms(learned, &device->profile);
}

static void claim(struct run *run, uint32_t index, int64_t now_ms, int64_t install_from_ms)
{
	struct course *course = &run->courses[index];
	course->waits = true;
	course->turn++;
	expect(run, index);
	sim_queue_push(&run->claims, (struct sim_event){ .at = policy_claim_key(&course->situation,
								 now_ms, install_from_ms),
					     .device = index,
					     .turn = course->turn });
	hand_out_at(run, now_ms + GATHER_MS);
}

/* A sensor still listens when its last block has come, however long that took. */
static bool in_reach(
	const struct run *run, uint32_t index, int64_t now_ms, struct interval *contact)
{
	const struct sim_device *device = &run->fleet->devices[index];
	const struct course *course = &run->courses[index];
	if (device->kind == SIM_SENSOR && course->situation.state == DEPLOYMENT_DOWNLOADED &&
		now_ms == course->end_ms && !sim_world_is_absent(device, now_ms))
		return true;
	return sim_world_reach(device, now_ms, run->fleet->until_ms, contact) &&
	       contact->from_ms <= now_ms;
}

/* Its next message wakes the planner. */
static void wait_for_contact(struct run *run, uint32_t index, int64_t now_ms, int64_t look_ms)
{
	struct interval contact;
	bool comes = sim_world_reach(
		&run->fleet->devices[index], now_ms, run->fleet->until_ms, &contact);
	int64_t at_ms = comes && contact.from_ms > now_ms ? contact.from_ms : INT64_MAX;
	wake(run, index, at_ms < look_ms ? at_ms : look_ms);
}

static void begin_download(
	struct run *run, uint32_t index, int64_t start_ms, const struct interval *contact)
{
	struct course *course = &run->courses[index];
	int64_t cut_ms = sim_world_talk_until(&run->fleet->devices[index], contact, start_ms);
	int64_t end_ms = start_ms + course->rest_ms;
	course->situation.state = DEPLOYMENT_DOWNLOADING;
	course->begun_ms = start_ms;
	course->end_ms = end_ms < cut_ms ? end_ms : cut_ms;
	run->downloads++;
	sim_result_add_download(run->result, start_ms, course->end_ms);
	wake(run, index, course->end_ms);
}

static struct booking booking_of(
	const struct run *run, uint32_t index, const struct links_try *attempt)
{
	const struct sim_device *device = &run->fleet->devices[index];
	return (struct booking){
		.site = device->site,
		.class_id = device->has_class ? &device->class_id : NULL,
		.share = attempt->share,
		.from_ms = attempt->from_ms,
		.until_ms = attempt->until_ms,
		.transfer_ms = run->courses[index].situation.transfer_ms,
	};
}

static bool book(struct run *run, uint32_t index, const struct links_wish *wish)
{
	struct course *course = &run->courses[index];
	for (size_t i = 0; i < wish->n; i++) {
		const struct booking booking = booking_of(run, index, &wish->tries[i]);
		course->booked_length_ms = booking.transfer_ms;
		if (capacity_book(run->capacity, &booking, &course->booked_ms))
			return true;
	}
	return false;
}

/* What a transfer that is over did not need. */
static void give_back(struct run *run, uint32_t index, int64_t now_ms)
{
	struct course *course = &run->courses[index];
	const struct links_try any = { .share = course->situation.level->share };
	struct booking booking = booking_of(run, index, &any);
	booking.transfer_ms = course->booked_length_ms;
	capacity_release(run->capacity, &booking, course->booked_ms, now_ms);
	course->booked_ms = 0;
}

/* In the contact: for the slot in hand or not at all. */
static bool book_now(struct run *run, uint32_t index, int64_t now_ms)
{
	const struct links_wish wish = {
		.n = 1,
		.tries[0] = { now_ms, now_ms + CAPACITY_SLOT_MS,
			run->courses[index].situation.level->share },
	};
	return book(run, index, &wish);
}

/* A download that can be timed has its time from the beginning; a new one if that has passed. */
static void book_ahead(struct run *run, uint32_t index, int64_t now_ms, struct step *step)
{
	struct course *course = &run->courses[index];
	const struct situation *situation = &course->situation;
	struct links_wish wish;
	if (step->kind != STEP_OFFER && step->kind != STEP_DOWNLOAD)
		return;
	links_wish(situation, step, run->fleet->devices[index].endpoint, &wish);
	if (wish.at_contact)
		return;
	if (!links_is_booked(situation, step, course->booked_ms, now_ms) &&
		!book(run, index, &wish))
		course->booked_ms = step->from_ms;
	if (course->booked_ms > step->from_ms)
		step->from_ms = course->booked_ms;
}

static bool has_link(const struct run *run)
{
	unsigned links = run->task->policy->capacity.downloads;
	return links == 0 || run->downloads < links;
}

/* Gives the links that are free in this slot to those who wait, most pressing first. */
static void hand_out(struct run *run, int64_t now_ms)
{
	struct sim_queue passed = { 0 };
	struct sim_event next;
	run->hands_out_ms = 0;
	if (now_ms >= run->forgot_ms + SIM_HOUR_MS) {
		capacity_forget(run->capacity, now_ms);
		run->forgot_ms = now_ms;
	}
	/* Transfers that take longer than was booked hold their links all the same. */
	while (has_link(run) && sim_queue_pop(&run->claims, &next)) {
		struct course *course = &run->courses[next.device];
		struct interval contact;
		if (next.turn != course->turn)
			continue;
		if (!in_reach(run, next.device, now_ms, &contact)) {
			course->waits = false;
			wait_for_contact(run, next.device, now_ms, INT64_MAX);
		} else if (book_now(run, next.device, now_ms)) {
			course->waits = false;
			begin_download(run, next.device, course->booked_ms, &contact);
		} else {
			sim_queue_push(&passed, next);
			if (run->fleet->devices[next.device].site == NULL)
				break;
		}
	}
	while (sim_queue_pop(&passed, &next))
		sim_queue_push(&run->claims, next);
	sim_queue_deinit(&passed);
	if (run->claims.n > 0)
		hand_out_at(run, (now_ms / CAPACITY_SLOT_MS + 1) * CAPACITY_SLOT_MS);
}

static void begin_install(struct run *run, uint32_t index, int64_t now_ms)
{
	const struct sim_device *device = &run->fleet->devices[index];
	struct course *course = &run->courses[index];
	course->situation.state = DEPLOYMENT_INSTALLING;
	course->begun_ms = now_ms;
	course->end_ms = now_ms + device->install_ms;
	sim_result_add_install(run->result, device, now_ms, run->fleet->until_ms);
	wake(run, index, course->end_ms);
}

/* The command to install reached the device: it begins, by its own logic later, or says that it is busy. */
static void command_install(
	struct run *run, uint32_t index, int64_t now_ms, const struct step *step)
{
	const struct sim_device *device = &run->fleet->devices[index];
	struct situation *situation = &run->courses[index].situation;
	int64_t idle_ms = sim_world_idle(device, now_ms, device->install_ms, run->fleet->until_ms);
	if (step->interrupts || idle_ms == now_ms) {
		begin_install(run, index, now_ms);
	} else if (device->kind == SIM_VEHICLE && idle_ms != INT64_MAX) {
		situation->state = DEPLOYMENT_INSTALLING;
		run->courses[index].begun_ms = idle_ms;
		run->courses[index].end_ms = idle_ms + device->install_ms;
		wake(run, index, run->courses[index].end_ms);
	} else {
		trace(run, index, now_ms, "busy");
		situation->deferrals++;
		situation->last_offer_ms = now_ms;
		situation->promised_ms = policy_promise_ms(situation, now_ms, 0);
		wake(run, index, now_ms + 1);
	}
}

/* Told before; the installation follows when the notice is over. */
static bool gave_notice(struct run *run, uint32_t index, int64_t now_ms, const struct step *step)
{
	struct course *course = &run->courses[index];
	if (course->noticed_ms == 0) {
		trace(run, index, now_ms, "notice");
		course->noticed_ms = now_ms;
	}
	int64_t due_ms = policy_begin_ms(&course->situation, step, course->noticed_ms);
	if (now_ms >= due_ms)
		return true;
	wake(run, index, due_ms);
	return false;
}

/* A device in client mode goes on by itself. */
static void go_on_alone(struct run *run, uint32_t index, int64_t now_ms, int64_t look_ms)
{
	const struct sim_device *device = &run->fleet->devices[index];
	const struct course *course = &run->courses[index];
	int64_t at_ms;
	if (course->situation.state == DEPLOYMENT_DOWNLOADED) {
		at_ms = sim_world_idle(device, now_ms, device->install_ms, run->fleet->until_ms);
		if (at_ms == now_ms) {
			begin_install(run, index, now_ms);
			return;
		}
	} else {
		at_ms = sim_world_poll(device, now_ms, course->interval_ms, run->fleet->until_ms);
	}
	wake(run, index, at_ms < look_ms ? at_ms : look_ms);
}

/* The moment before an interruption at which notice is due. */
static int64_t due_of(const struct course *course, const struct step *step)
{
	if (!step->interrupts || course->noticed_ms != 0)
		return step->from_ms;
	return policy_tell_ms(&course->situation, step);
}

static void take_step(struct run *run, uint32_t index, int64_t now_ms)
{
	struct course *course = &run->courses[index];
	struct situation *situation = &course->situation;
	struct interval contact;
	struct step step;
	expect(run, index);
	policy_next(situation, now_ms, &step);
	book_ahead(run, index, now_ms, &step);
	if (!course->is_planned)
		sim_trace_write(run->task, index, now_ms, "plan", &step);
	course->is_planned = true;
	int64_t look_ms = policy_look_again_ms(situation, &step, now_ms);
	int64_t due_ms = due_of(course, &step);
	if (step.kind == STEP_EXPIRE || step.kind == STEP_FAIL) {
		sim_trace_write(
			run->task, index, now_ms, name_of(step_kind_names, (int)step.kind), &step);
	} else if (due_ms > now_ms) {
		wake(run, index, due_ms < look_ms ? due_ms : look_ms);
	} else if (step.kind == STEP_LET_POLL &&
		   sim_world_poll(&run->fleet->devices[index], now_ms, course->interval_ms,
			   run->fleet->until_ms) == now_ms) {
		sim_trace_write(run->task, index, now_ms, "let_poll", &step);
		claim(run, index, now_ms, step.install_from_ms);
	} else if (step.kind == STEP_LET_POLL || step.kind == STEP_WATCH) {
		go_on_alone(run, index, now_ms, look_ms);
	} else if (!in_reach(run, index, now_ms, &contact)) {
		wait_for_contact(run, index, now_ms, look_ms);
	} else if (step.kind == STEP_OFFER) {
		sim_trace_write(run->task, index, now_ms, "offer", &step);
		situation->state = DEPLOYMENT_ACCEPTED;
		situation->last_offer_ms = now_ms;
		wake(run, index, now_ms);
	} else if (step.kind == STEP_DOWNLOAD) {
		sim_trace_write(run->task, index, now_ms, "download", &step);
		if (course->booked_ms != 0 && has_link(run))
			begin_download(run, index, now_ms, &contact);
		else
			claim(run, index, now_ms, step.install_from_ms);
	} else if (!step.interrupts || gave_notice(run, index, now_ms, &step)) {
		sim_trace_write(run->task, index, now_ms, "install", &step);
		command_install(run, index, now_ms, &step);
	}
}

static void end_download(struct run *run, uint32_t index, int64_t now_ms)
{
	const struct sim_device *device = &run->fleet->devices[index];
	struct course *course = &run->courses[index];
	run->downloads--;
	give_back(run, index, now_ms);
	course->rest_ms -= course->end_ms - course->begun_ms;
	if (course->rest_ms > 0) {
		/* Cut off: the device goes on where it was at its next contact. */
		course->situation.state = DEPLOYMENT_ACCEPTED;
		wait_for_contact(run, index, now_ms, INT64_MAX);
		return;
	}
	if (device->class_no != SIM_NO_CLASS)
		estimate_add_transfer(&run->learned[device->class_no], run->fleet->image_bytes,
			device->transfer_ms);
	course->situation.state = DEPLOYMENT_DOWNLOADED;
	take_step(run, index, now_ms);
}

static void end_install(struct run *run, uint32_t index, int64_t now_ms)
{
	const struct sim_device *device = &run->fleet->devices[index];
	struct course *course = &run->courses[index];
	struct situation *situation = &course->situation;
	if (situation->failures > 0 || !device->first_install_fails) {
		trace(run, index, now_ms, "confirmed");
		situation->state = DEPLOYMENT_CONFIRMED;
		if (device->class_no != SIM_NO_CLASS)
			estimate_add_install(&run->learned[device->class_no], device->install_ms);
		return;
	}
	trace(run, index, now_ms, "failed");
	situation->failures++;
	situation->last_failure_ms = now_ms;
	situation->state = DEPLOYMENT_PLANNED;
	situation->promised_ms = 0;
	course->noticed_ms = 0;
	course->rest_ms = device->transfer_ms;
	take_step(run, index, now_ms);
}

static void settle(struct run *run, uint32_t index)
{
	const struct sim_task *task = run->task;
	const struct sim_device *device = &run->fleet->devices[index];
	const struct sim_settled *settled = &task->settled[index];
	struct course *course = &run->courses[index];
	course->rest_ms = device->transfer_ms;
	course->interval_ms = policy_poll_interval_ms(
		task->policy, device->endpoint, false, task->policy->default_urgency);
	course->situation = (struct situation){
		.level = sim_task_level(task, index),
		.mode = settled->mode,
		.profile = &device->profile,
		.calendar = settled->calendar,
		.vulnerable_since_ms = run->fleet->from_ms,
		.state = DEPLOYMENT_PLANNED,
	};
	wake(run, index, run->fleet->from_ms);
}

static void play(struct run *run)
{
	struct sim_event event;
	while (sim_queue_pop(&run->events, &event)) {
		if (event.device == NOBODY) {
			if (event.at == run->hands_out_ms)
				hand_out(run, event.at);
			continue;
		}
		const struct course *course = &run->courses[event.device];
		if (event.turn != course->turn)
			continue;
		if (course->situation.state == DEPLOYMENT_DOWNLOADING)
			end_download(run, event.device, event.at);
		else if (course->situation.state == DEPLOYMENT_INSTALLING)
			end_install(run, event.device, event.at);
		else
			take_step(run, event.device, event.at);
	}
}

void sim_policy_run(const struct sim_task *task, struct sim_result *out)
{
	const struct sim_fleet *fleet = task->fleet;
	struct run *run su_auto(su_free_ptr) = su_new(struct run);
	run->task = task;
	run->fleet = fleet;
	run->result = out;
	sim_result_init(out, fleet, true);
	run->courses = su_new_array(fleet->n + 1, sizeof(struct course));
	run->capacity = capacity_new(&task->policy->capacity);
	for (size_t i = 0; i < fleet->n; i++)
		settle(run, (uint32_t)i);
	play(run);
	for (size_t i = 0; i < fleet->n; i++) {
		const struct course *course = &run->courses[i];
		bool done = course->situation.state == DEPLOYMENT_CONFIRMED;
		sim_result_add(
			out, fleet, course->situation.level, done ? course->end_ms : INT64_MAX);
	}
	sim_result_close(out);
	capacity_free(&run->capacity);
	sim_queue_deinit(&run->events);
	sim_queue_deinit(&run->claims);
	free(run->courses);
}
