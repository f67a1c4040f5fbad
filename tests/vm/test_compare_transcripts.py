#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The comparison of transcripts: what it must see, and what it must not mind.

Usage: test_compare_transcripts.py AGX TRACES
"""

import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

import compare_transcripts

AGX = TRACES = None


def transcript(name):
    """The lines of a replay of a trace."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "transcript")
        subprocess.run([AGX, "replay", "--transcript", path, os.path.join(TRACES, name + ".agxt")],
                       check=True, stdout=subprocess.DEVNULL)
        with open(path) as f:
            return [line for line in f.read().splitlines() if not line.startswith("#")]


def differences(a, b):
    return compare_transcripts.compare(compare_transcripts.Transcript(a),
                                       compare_transcripts.Transcript(b))


class Comparison(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lines = transcript("gl-piglit-query")
        cls.queues = transcript("vk-queues")

    def changed(self, pattern, replacement, which=0, lines=None):
        """The lines with one change, at the which-th that the pattern fits."""
        lines = list(lines or self.lines)
        places = [i for i, line in enumerate(lines) if re.search(pattern, line)]
        place = places[which]
        lines[place:place + 1] = [] if replacement is None else [
            re.sub(pattern, replacement, lines[place])]
        return lines

    def test_same(self):
        self.assertEqual(differences(self.lines, self.lines), [])
        self.assertEqual(differences(self.queues, self.queues), [])

    def test_all_bundled_traces_are_like_themselves(self):
        for name in ("gl-desktop", "vk-threads", "vk-compute"):
            lines = transcript(name)
            self.assertEqual(differences(lines, lines), [], name)
            self.assertEqual(len(compare_transcripts.Transcript(lines).families) > 0, True)

    def test_addresses_may_differ(self):
        moved = [re.sub(r"0xffffffa([06])000", r"0xffffffa\g<1>00f", line) for line in self.lines]
        moved = [re.sub(r"([0-9a-f]{8})a0ffffff", r"00112233a0ffffff", line) for line in moved]
        moved = self.changed(r"ap->fw 20 0081.*", "ap->fw 20 0081000000123400", lines=moved)
        self.assertNotEqual(moved, self.lines)
        self.assertEqual(differences(self.lines, moved), [])

    def test_slots_may_differ(self):
        """All stamps of slots 0 and 1 in each other's."""
        def swap(match):
            return match.group(1) + {"0": "1", "1": "0"}.get(match.group(2), match.group(2))

        swapped = [re.sub(r"((?:slot|stamp) )(\d+)", swap, line) for line in self.lines]
        self.assertNotEqual(swapped, self.lines)
        self.assertEqual(differences(self.lines, swapped), [])

    def test_messages_may_be_fewer(self):
        """One message can announce what two did, and sides need not wake each other each time."""
        fewer = [line for line in self.lines
                 if not re.match(r"fw->ap (event|20 0042)|ap->fw 21 |.* waits for ", line)]
        boot = next(i for i, line in enumerate(self.lines) if line.endswith("-> ready"))
        head = self.lines[:boot + 1]
        fewer = head + [line for line in fewer if line not in head]
        self.assertEqual(differences(self.lines, fewer), [])

    def test_processes_may_share_a_machine(self):
        """Two processes with a machine each, or the second after the first on the same one."""
        apart = ["0| " + line for line in self.lines] + ["1| " + line for line in self.lines]
        again = self.lines + [
            line.replace("ffffffa000", "ffffffa0f0").replace("ffffffa600", "ffffffa6f0")
            for line in self.lines]
        self.assertEqual(differences(apart, again), [])
        traces = ["# one"] + self.lines + ["# another"] + self.lines
        self.assertEqual(differences(traces, again), [])

    def test_power_may_go_off_between(self):
        """The firmware stops when nothing is to do, and is told of its queues again."""
        lines = self.queues
        boot = lines[:next(i for i, line in enumerate(lines) if line.startswith("log ")) + 1]
        ends = [i for i, line in enumerate(lines) if line.startswith("fw->ap event")]
        place = ends[len(ends) // 2] + 1
        rest = lines[place:]
        run = next(i for i, line in enumerate(rest) if line.startswith("ap->fw compute"))
        name, payload = rest[run].split("] ")
        rest[run] = name + "] " + payload.ljust(40, "0") + "01"
        other = lines[:place] + ["power off", "state ready -> asleep", "state asleep -> off"]
        other += boot + ["ap->fw control[0] 19000000"] + rest
        self.assertEqual(differences(lines, other), [])
        # Without the boot it is another queue.
        other = lines[:place] + rest
        with self.assertRaises(compare_transcripts.Damaged):
            compare_transcripts.Transcript(other)

    def test_order_of_queues_may_differ(self):
        apart = [f"{i}| {line}" for i, lines in enumerate((self.lines, self.queues))
                 for line in lines]
        mixed = list(apart)
        random.Random(4).shuffle(mixed)
        mixed.sort(key=lambda line: line.startswith("0"))
        back = {"0": [line for line in apart if line[0] == "0"],
                "1": [line for line in apart if line[0] == "1"]}
        merged = [back[line[0]].pop(0) for line in mixed]
        self.assertEqual(differences(apart, merged), [])

    def test_changes_are_seen(self):
        for pattern, replacement in (
            (r"op 0x17c 00000101", "op 0x17c 00000102"),
            (r"op_start_fragment", "op_start_vertex"),
            (r"(begin .*) size 0x238", r"\1 size 0x23c"),
            (r"vertex op 0x180.*", None),
            (r"InitBuffer (.*) blocks 8", r"InitBuffer \1 blocks 9"),
            (r"queue .* InitBuffer .*", None),
            (r"queue .* barrier .*", None),
            (r"ap->fw control\[1\] 17", "ap->fw control[1] 18"),
            (r"ap->fw control\[1\].*", None),
            (r"fw->ap 04 0010100000000000", "fw->ap 04 0010100000000001"),
            (r"ap->fw 00 0050000800000002", None),
            (r'log 2 "init data accepted"', 'log 2 "init data refused"'),
        ):
            with self.subTest(pattern=pattern):
                other = self.changed(pattern, replacement)
                self.assertNotEqual(differences(self.lines, other), [])
                self.assertNotEqual(differences(other, self.lines), [])

    def test_a_barrier_on_another_command_is_seen(self):
        other = self.changed(r"(barrier .*) value 0x200", r"\1 value 0x100")
        self.assertNotEqual(differences(self.lines, other), [])

    def render(self, number, buffer, again=False, barrier=None, late=False):
        """
        Lines of a render submission, on a vertex queue at 0xa and a fragment queue at 0xb. buffer:
        tells of it; barrier: the number of the fragment command that the vertex command waits
        for; late: returns what announces it and what runs it apart.
        """
        value = 0x100 * (number + 1)
        first, last = self.written
        extra = bool(buffer) + (barrier is not None)
        tell = [f"queue 0xa uuid 1 slot 0 entries {first} to {first + 1 + extra}",
                f"queue 0xb uuid 1 slot 1 entries {last} to {last + 2}"]
        self.written = first + 1 + extra, last + 2
        run = []
        if barrier is not None:
            run.append(f"queue 0xa barrier 0x1 slot 1 value 0x{0x100 * (barrier + 1):x} uuid 0x0")
        if buffer:
            run.append("queue 0xa InitBuffer 0x2 context 1 slot 0 blocks 8 buffer 0x3")
        run += [f"queue 0xb barrier 0x4 slot 0 value 0x{value:x} uuid 0x0"]
        for unit, queue, slot in (("vertex", "a", 0), ("fragment", "b", 1)):
            run += [f"{unit} begin 0x5 queue 0x{queue} context 1 slot {slot} value 0x{value:x} "
                    "sequence 0x6 size 0x10",
                    f"{unit} op 0x000 00000001 op_start",
                    f"{unit} end 0x5 slot {slot} value 0x{value:x}",
                    f"stamp {slot} = 0x{value:x}"]
        return (tell, run) if late else tell + run

    def submissions(self, *parts):
        """A transcript of submissions, each the arguments of render(); True: two at once."""
        boot = self.lines[:next(i for i, l in enumerate(self.lines) if l.startswith("log ")) + 1]
        self.written = 0, 0
        lines, waiting = list(boot), []
        for number, part in enumerate(parts):
            tell, run = self.render(number, late=True, **part)
            if part.get("again"):
                waiting = run
                lines += tell
            else:
                lines += tell + waiting + run
                waiting = []
        return lines

    def test_buffers_are_told_of_until_heard(self):
        once = self.submissions({"buffer": True, "again": True}, {"buffer": False})
        twice = self.submissions({"buffer": True, "again": True}, {"buffer": True})
        apart = self.submissions({"buffer": True}, {"buffer": True})
        self.assertEqual(differences(once, twice), [])
        self.assertEqual(differences(twice, once), [])
        # The first had been heard.
        self.assertNotEqual(differences(once, apart), [])

    def test_barriers_are_left_out_when_passed(self):
        with_it = self.submissions({"buffer": True}, {"buffer": False, "barrier": 0})
        without = self.submissions({"buffer": True}, {"buffer": False})
        early = self.submissions({"buffer": True, "again": True}, {"buffer": False})
        self.assertEqual(differences(with_it, without), [])
        self.assertEqual(differences(without, with_it), [])
        # The first had not ended when the second was announced.
        self.assertIn("missing in the other", differences(with_it, early)[0])
        self.assertIn("missing in the reference", differences(early, with_it)[0])

    def test_commands_in_another_order_are_seen(self):
        text = "\n".join(self.queues)
        compute = re.findall(r"compute begin .*?compute end [^\n]*", text, re.S)
        different = next(c for c in compute[1:] if "size" in c)
        # One more of a queue's commands, with a size of its own, then the two change places.
        odd = re.sub(r"size 0x[0-9a-f]+", "size 0x999", compute[0])
        a = text.replace(compute[0], odd)
        queue = re.search(r"queue (0x\w+)", compute[0]).group(1)
        later = next(c for c in compute[1:] if queue in c)
        b = text.replace(later, re.sub(r"size 0x[0-9a-f]+", "size 0x999", later))
        self.assertIsNotNone(different)
        self.assertNotEqual(differences(a.splitlines(), b.splitlines()), [])

    def test_broken_rules_are_errors(self):
        for pattern, replacement in (
            (r"vertex end .*", None),
            (r"vertex begin .*", None),
            (r"(vertex end .*) slot 0", r"\1 slot 7"),
            (r"(fragment end .*) value 0x100", r"\1 value 0x200"),
            (r"stamp 0 = 0x200", "stamp 0 = 0x100"),
            (r"(barrier .*) value 0x\w+", r"\1 value 0xfff00"),
            (r"power on", "power maybe"),
            (r"handoff done", "crash: of the firmware"),
            (r"(queue .*) entries 0 to", r"\1 entries 3 to"),
        ):
            with self.subTest(pattern=pattern):
                with self.assertRaises(compare_transcripts.Damaged):
                    compare_transcripts.Transcript(self.changed(pattern, replacement))
        with self.assertRaises(compare_transcripts.Damaged):
            compare_transcripts.Transcript([])

    def test_command(self):
        script = compare_transcripts.__file__
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, lines in (("a", self.lines), ("b", self.changed("00000101", "00000102")),
                                ("c", ["nonsense"])):
                paths.append(os.path.join(folder, name))
                with open(paths[-1], "w") as f:
                    f.write("\n".join(lines) + "\n")
            for other, status, text in ((paths[0], 0, "the same: "), (paths[1], 1, "00000102"),
                                        (paths[2], 3, "not understood"),
                                        (folder + "/none", 2, "No such file")):
                run = subprocess.run([sys.executable, script, paths[0], other],
                                     capture_output=True, text=True)
                self.assertEqual(run.returncode, status, run.stdout + run.stderr)
                self.assertIn(text, run.stdout + run.stderr)


if __name__ == "__main__":
    AGX, TRACES = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
