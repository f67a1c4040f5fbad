/* SPDX-License-Identifier: MIT */
/* The firmware transcript of the processes of a run, in one file. */
#ifndef AGX_PRELOAD_TRANSCRIPT_H
#define AGX_PRELOAD_TRANSCRIPT_H

/*
 * Adds a line, with the process in front, to the file that the environment names. Opens it for each
 * line: programs close descriptors that they do not know. A line that cannot be written is lost.
 */
void preload_transcript(void *data, const char *line);

#endif
