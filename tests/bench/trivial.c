// SPDX-License-Identifier: MIT
/* What the start of a process costs at least: the baseline of bench-startup. */
int main(void)
{
	return 0;
}
