// SPDX-License-Identifier: MIT
/*
 * Frames: where a capture of some of them begins and ends.
 *
 * A frame ends where the program presents, when it does so through a function that is seen
 * here; otherwise each submission that the node accepts is a frame. Frames count from 1, in each
 * process by itself.
 */
#include "capture.h"

static uint64_t current_frame(void)
{
	switch (capture.control->frame_unit) {
	case CAPTURE_FRAME_PRESENT:
		return capture.presents + 1;
	case CAPTURE_FRAME_SUBMIT:
		return capture.submits + 1;
	default:
		return capture.presents ? capture.presents + 1 : capture.submits + 1;
	}
}

enum capture_frame_place capture_frame_submit(void)
{
	uint64_t frame;

	if (!capture.control->first_frame)
		return CAPTURE_FRAME_INSIDE;
	frame = current_frame();
	if (frame < capture.control->first_frame)
		return CAPTURE_FRAME_BEFORE;
	return frame <= capture.control->last_frame ? CAPTURE_FRAME_INSIDE : CAPTURE_FRAME_AFTER;
}

void capture_present(void)
{
	/* A program that presents without the node is none of ours. */
	if (capture_get_state() != CAPTURE_ON || !capture_lock())
		return;
	if (capture.state == CAPTURE_ON && !capture_is_foreign_process()) {
		capture.presents++;
		capture_record_marker(AGXT_MARKER_PRESENT, capture.presents, NULL);
		atomic_fetch_add_explicit(&capture.control->presents, 1, memory_order_relaxed);
	}
	capture_unlock();
}
