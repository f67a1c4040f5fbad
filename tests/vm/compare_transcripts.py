#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what drivers said to the firmware: the transcripts of two runs of the same program.

  compare_transcripts.py REFERENCE OTHER

Both are transcripts of `agx replay --transcript` or `agx vgpu --transcript`. In one, each trace
(after a line that begins with "#") and each process (lines begin with "N| ") may have a machine of
its own, in the other all share one; in one, the
driver and the firmware take turns, in the other they run side by side. So this is compared, and
nothing else may be in a transcript:

  boot      From the start of the coprocessor until it is ready: what either side sends, per
            endpoint, in order and to the bit, but for the address of the init data. Every boot of
            both transcripts is the same.
  queues    The queues of the programs: the work queues of each, with what they run in order:
            commands with the size and every operation of their micro-sequence, and the tiled vertex
            buffers that are told of. As many with the same content on either side, whatever their
            addresses and their order. A buffer that is told of again before the command behind
            the first time has ended counts once: the driver cannot know yet that it was heard.
  barriers  Each as the place in its queue, and the command in another queue that it waits for. The
            driver leaves one out when it knows that the command has ended. So one may be missing
            on a side where the command ended before the one behind the barrier was announced.
  control   Messages on the control channel, but for the addresses in them: as many of each. Those
            that only empty the firmware's cache do not count: memory is used again sooner or later.
  times     As many timestamps are written at starts and at ends.
  log       Lines of the firmware's log per boot.

What depends on who was faster may differ: how many entries a message announces and how often the
sides wake each other, which stamp slots, contexts, addresses and ring places were free, whether a
barrier was found passed, when the power goes off. In each transcript by itself must hold: a
command that begins ends, with the slot and the value that it began with; the values of a slot
grow; a barrier's value is one that a command gives.

Exit status: 0 the same, 1 a difference, 2 usage or environment, 3 a transcript cannot be read.
"""

import collections
import re
import sys

UNITS = ("vertex", "fragment", "compute")

# Entries of a work queue's ring (firmware-interface: AGX_WORK_RING_ENTRIES).
RING = 0x500

# An address of the firmware's half in a message: two little-endian words.
ADDRESS = re.compile(r"[0-9a-f]{8}[ab][0-9a-f]ffffff")

INIT_DATA = re.compile(r"200081")

# DestroyContext of none: the firmware forgets what it has cached.
FLUSH = re.compile(r"1[78]0+ffff")

# RunWorkQueue: type, the queue's address, entries written, slot, whether it is new; zeros at the
# end are left out.
RUN_QUEUE = re.compile(r"[0-9a-f]{8}([0-9a-f]{16})[0-9a-f]{16}01")

PATTERNS = [
    ("message", r"(ap->fw|fw->ap) ([0-9a-f]{2}) ([0-9a-f]{16})"),
    ("channel", r"(ap->fw|fw->ap) ([a-z]+[0-9]?)\[(\d+)\] ([0-9a-f]*)"),
    ("state", r"state (\w+) -> (\w+)"),
    ("log", r'log (\d+) "(.*)"'),
    ("power", r"power (on|off)"),
    ("handoff", r"handoff done"),
    ("init_data", r"init data at 0x[0-9a-f]+"),
    ("entries", r"queue 0x([0-9a-f]+) uuid (\d+) slot (\d+) entries (\d+) to (\d+)"),
    ("init_buffer", r"queue 0x([0-9a-f]+) InitBuffer 0x[0-9a-f]+ context \d+ slot \d+ "
                    r"blocks (\d+) buffer 0x([0-9a-f]+)"),
    ("barrier", r"queue 0x([0-9a-f]+) barrier 0x[0-9a-f]+ slot (\d+) value 0x([0-9a-f]+) "
                r"uuid 0x[0-9a-f]+"),
    ("waits", r"queue 0x([0-9a-f]+) waits for slot \d+ to reach 0x[0-9a-f]+"),
    ("begin", r"(vertex|fragment|compute) begin 0x([0-9a-f]+) queue 0x([0-9a-f]+) context \d+ "
              r"slot (\d+) value 0x([0-9a-f]+) sequence 0x[0-9a-f]+ size 0x([0-9a-f]+)"),
    ("op", r"(vertex|fragment|compute) op 0x([0-9a-f]+) ([0-9a-f]{8}) (\w+)"),
    ("end", r"(vertex|fragment|compute) end 0x([0-9a-f]+) slot (\d+) value 0x([0-9a-f]+)"),
    ("stamp", r"stamp (\d+) = 0x([0-9a-f]+)"),
    ("time", r"time (start|end) (\d+)"),
]
PATTERNS = [(name, re.compile(pattern + r"\Z")) for name, pattern in PATTERNS]


class Damaged(Exception):
    """A transcript that is not one, or that breaks the rules that each must keep."""


class Command:
    def __init__(self, unit, place, size):
        self.unit, self.place, self.size = unit, place, size
        self.queue = self.number = None  # whose, and which of its commands
        self.ops = []
        self.slot = self.value = None
        self.end = None  # line

    def content(self):
        return ("command", self.unit, self.size, tuple(self.ops))


class Queue:
    def __init__(self, uuid):
        self.uuid = uuid
        self.commands = []
        self.buffers = []  # (number of commands before it, blocks, address, entry)
        self.barriers = []  # (number of commands before it, command that it waits for)
        self.entries = 0  # that were fetched, barriers among them
        self.written = self.announced = 0
        self.announcements = []  # (entries, line)
        self.places = []  # of each command: which entry it is

    def announce(self, last, line):
        """Told of entries up to the place last of the ring."""
        self.announced += (last - self.written) % RING
        self.written = last
        self.announcements.append((self.announced, line))

    def unit(self):
        return self.commands[0].unit if self.commands else None

    def announced_at(self, entry):
        """The line in which an entry was announced."""
        for announced, line in self.announcements:
            if announced > entry:
                return line
        raise Damaged(f"line {self.announcements[-1][1]}: a queue runs more than it was told of")

    def told_buffers(self):
        """
        The buffers without those told again: the driver does so until it knows that a command
        behind the first has ended.
        """
        told, last = [], {}
        for before, blocks, address, entry in self.buffers:
            first = last.get((blocks, address))
            if first is not None and first < len(self.commands):
                end = self.commands[first].end
                if end is None or end > self.announced_at(entry):
                    continue
            last[blocks, address] = before
            told.append((before, blocks))
        return tuple(told)

    def content(self):
        return tuple(command.content() for command in self.commands), self.told_buffers()


class Machine:
    """What one driver and one firmware said to each other."""

    def __init__(self):
        self.boots = []
        self.boot = None
        self.queues = {}  # by address: the one that has it now
        self.all_queues = []
        self.families = []  # lists of the queues that have a uuid, which are one queue of a program
        self.asleep = set()  # addresses of those that were there before the last boot
        self.units = dict.fromkeys(UNITS)
        self.stamps = {}  # by slot: the last value
        self.given = {}  # (boot, slot, value): the command
        self.barriers = []  # (queue, commands before it, (boot, slot, value))
        self.line = 0
        self.control = collections.Counter()
        self.times = collections.Counter()
        self.logs = []
        self.channel = {}

    # Lines, by the names above.

    def on_message(self, way, endpoint, word):
        if self.boot is not None:
            # The init data lies where there was room when the first address space was made.
            if INIT_DATA.match(endpoint + word):
                word = word[:4] + "ADDRESS"
            self.boot.setdefault((way, endpoint), []).append(word)

    def on_channel(self, way, name, place, payload):
        del place
        run = RUN_QUEUE.match(payload)
        if way == "ap->fw" and name.rstrip("0123456789") in UNITS and run:
            address = bytes.fromhex(run.group(1))[::-1].hex()
            if address in self.asleep:
                self.asleep.discard(address)  # told again to a firmware that was started again
            else:
                # The address of one that is gone may be given to another.
                self.queues.pop(address, None)
        if (way, name) == ("ap->fw", "control"):
            if not FLUSH.fullmatch(payload):
                self.control[ADDRESS.sub("ADDRESS", payload)] += 1

    def on_state(self, before, after):
        if before == "off":
            # Queues go on where they were; stamps may begin again.
            for unit, command in self.units.items():
                if command:
                    raise Damaged(f"a boot while a {unit} command runs")
            self.boot, self.stamps = {}, {}
            self.asleep = set(self.queues)
            self.logs.append([])
        if after == "ready" and self.boot is not None:
            self.boots.append(self.boot)
            self.boot = None

    def on_log(self, level, text):
        if not self.logs:
            raise Damaged("a line of the log before the first boot")
        self.logs[-1].append((level, text))

    def on_power(self, what):
        pass

    def on_handoff(self):
        pass

    def on_init_data(self):
        pass

    def on_entries(self, queue, uuid, slot, first, last):
        del slot
        known = self.queues.get(queue)
        if not known:
            if int(first):
                raise Damaged(f"queue 0x{queue} is new and begins at entry {first}")
            known = self.queues[queue] = Queue(int(uuid))
            self.all_queues.append(known)
        known.announce(int(last), self.line)

    def queue(self, address):
        if address not in self.queues:
            raise Damaged(f"queue 0x{address} was not announced")
        return self.queues[address]

    def on_init_buffer(self, queue, blocks, address):
        queue = self.queue(queue)
        queue.buffers.append((len(queue.commands), int(blocks), address, queue.entries))
        queue.entries += 1

    def on_barrier(self, queue, slot, value):
        queue = self.queue(queue)
        # Which command gives the value is known when all are.
        key = len(self.logs), int(slot), int(value, 16)
        self.barriers.append((queue, len(queue.commands), key))
        queue.entries += 1

    def on_waits(self, queue):
        self.queue(queue)

    def on_begin(self, unit, place, queue, slot, value, size):
        if self.units[unit]:
            raise Damaged(f"a {unit} command begins while another runs")
        owner = self.queue(queue)
        command = Command(unit, place, int(size, 16))
        command.queue, command.number = owner, len(owner.commands)
        command.slot, command.value = int(slot), int(value, 16)
        owner.commands.append(command)
        owner.places.append(owner.entries)
        owner.entries += 1
        self.units[unit] = command
        self.given[len(self.logs), command.slot, command.value] = command

    def on_op(self, unit, offset, word, name):
        if not self.units[unit]:
            raise Damaged(f"an operation of a {unit} command that did not begin")
        self.units[unit].ops.append((offset, word, name))

    def on_end(self, unit, place, slot, value):
        command = self.units[unit]
        if not command or command.place != place:
            raise Damaged(f"a {unit} command ends that did not begin")
        if (command.slot, command.value) != (int(slot), int(value, 16)):
            raise Damaged(f"a {unit} command ends with slot {slot} value 0x{value}, "
                          f"not {command.slot} 0x{command.value:x}")
        command.end = self.line
        self.units[unit] = None

    def on_stamp(self, slot, value):
        slot, value = int(slot), int(value, 16)
        before = self.stamps.get(slot)
        # Values are 32 bits and wrap.
        if before is not None and not 0 < (value - before) & 0xffffffff < 0x80000000:
            raise Damaged(f"stamp {slot} goes from 0x{before:x} to 0x{value:x}")
        self.stamps[slot] = value

    def on_time(self, what, value):
        del value
        self.times[what] += 1

    def finish(self):
        for unit, command in self.units.items():
            if command:
                raise Damaged(f"the last {unit} command does not end")
        for queue, before, key in self.barriers:
            command = self.given.get(key)
            if not command:
                raise Damaged(f"no command gives slot {key[1]} the value 0x{key[2]:x} "
                              "that a barrier waits for")
            queue.barriers.append((before, command))
        families = {}
        for queue in self.all_queues:
            if queue.entries > queue.announced:
                raise Damaged("a queue runs more than it was told of")
            family = families.setdefault(queue.uuid, [])
            if any(other.unit() == queue.unit() for other in family):
                family = families[queue.uuid] = []  # another one has got the number
            if not family:
                self.families.append(family)
            family.append(queue)


class Transcript:
    def __init__(self, lines):
        machines = {}
        section = 0
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                section += line != ""  # another trace
                continue
            process, bar, rest = line.partition("| ")
            key, text = (process, rest) if bar and process.isdigit() else ("", line)
            machine = machines.setdefault((section, key), Machine())
            machine.line = number
            try:
                self.feed(machine, text)
            except Damaged as e:
                raise Damaged(f"line {number}: {e}") from None
        if not machines:
            raise Damaged("empty")
        self.machines = list(machines.values())
        for machine in self.machines:
            machine.finish()
        self.boots = [boot for machine in self.machines for boot in machine.boots]
        self.logs = [log for machine in self.machines for log in machine.logs]
        self.families = [family for machine in self.machines for family in machine.families]
        self.by_content = collections.defaultdict(list)  # in order of appearance
        for family in self.families:
            family.sort(key=Queue.content)
            content = tuple(queue.content() for queue in family)
            self.by_content[content].append(family)
        self.control = sum((machine.control for machine in self.machines),
                           collections.Counter())
        self.times = sum((machine.times for machine in self.machines), collections.Counter())

    @staticmethod
    def feed(machine, text):
        for name, pattern in PATTERNS:
            match = pattern.match(text)
            if match:
                getattr(machine, "on_" + name)(*match.groups())
                return
        raise Damaged(f'not understood: "{text}"')



def show(command):
    return f"{command[1]} command of 0x{command[2]:x} bytes, {len(command[3])} operations"


def difference_of_queues(a, b):
    """How the contents of two queues differ first, for a reader."""
    for place, (x, y) in enumerate(zip(a[0], b[0])):
        if x == y:
            continue
        if x[:3] == y[:3]:
            for before, after in zip(x[3], y[3]):
                if before != after:
                    return (f"command {place}, {show(x)}: operation at 0x{before[0]} is "
                            f"{before[1]} {before[2]}, and at 0x{after[0]} {after[1]} {after[2]}")
        return f"command {place}: {show(x)}, and {show(y)}"
    if len(a[0]) != len(b[0]):
        return f"{len(a[0])} commands, and {len(b[0])}"
    return f"buffers (commands before, blocks): {list(a[1])}, and {list(b[1])}"


def difference_of_families(a, b):
    if len(a) != len(b):
        return f"{len(a)} in one queue of the program, and {len(b)}"
    return next(difference_of_queues(x, y) for x, y in zip(a, b) if x != y)


def distance(a, b):
    """How alike two families are."""
    same = 0
    for x, y in zip(a, b):
        same += sum(c == d for c, d in zip(x[0], y[0])) + (x[1] == y[1])
    return same


def missing_barriers(pairs, which):
    """
    Barriers of the first queues that the second ones do not have, and must have: what they wait for
    had not ended when the command behind them was announced.
    """
    partner = {id(a): b for a, b in pairs}
    found = []
    for a, b in pairs:
        have = collections.Counter(
            (before, id(command.queue), command.number) for before, command in b.barriers)
        for before, command in a.barriers:
            queue = partner.get(id(command.queue))
            if queue is None or before >= len(b.commands):
                continue  # told of elsewhere, or nothing comes behind it
            key = before, id(queue), command.number
            if have[key]:
                have[key] -= 1
                continue
            awaited = queue.commands[command.number]
            if awaited.end is None or awaited.end > b.announced_at(b.places[before]):
                found.append(f"barriers: before {b.unit()} command {before} of "
                             f"{len(b.commands)}, for {command.unit} command {command.number}: "
                             f"missing in the {which}, where that had not ended")
    return found


def compare_queues(reference, other):
    pairs, missing, more, found = [], [], [], []
    ours, theirs = reference.by_content, other.by_content
    for content in list(ours) + [content for content in theirs if content not in ours]:
        a, b = ours.get(content, []), theirs.get(content, [])
        for x, y in zip(a, b):
            pairs += zip(x, y)
        missing += [content] * (len(a) - len(b))
        more += [content] * (len(b) - len(a))
    for family in missing:
        if not more:
            found.append(f"queues: {len(family)} of a program are only in the reference")
            continue
        near = max(more, key=lambda f: distance(family, f))
        more.remove(near)
        found.append("queues: " + difference_of_families(family, near))
    for family in more:
        found.append(f"queues: {len(family)} of a program are only in the other")
    found += missing_barriers(pairs, "other")
    found += missing_barriers([(b, a) for a, b in pairs], "reference")
    return found


def compare(reference, other):
    """A list of differences, in words."""
    found = []
    first = reference.boots[0] if reference.boots else None
    for which, transcript in (("reference", reference), ("other", other)):
        if not transcript.boots:
            found.append(f"boot: none in the {which}")
        for number, boot in enumerate(transcript.boots):
            for key in sorted(set(first or {}) | set(boot)):
                before, after = (first or {}).get(key, []), boot.get(key, [])
                if before != after:
                    found.append(f"boot {number} of the {which}: {key[0]} endpoint {key[1]}: "
                                 f"{' '.join(after)}, expected {' '.join(before)}")
    found += compare_queues(reference, other)
    # Initialising the device is part of each boot.
    for payload in sorted(set(reference.control) | set(other.control)):
        a, b = reference.control[payload], other.control[payload]
        if a == len(reference.boots) and b == len(other.boots):
            continue
        if a != b:
            found.append(f"control: {a} times, and {b} times: {payload}")
    for what in ("start", "end"):
        if reference.times[what] != other.times[what]:
            found.append(f"times: {reference.times[what]} of a {what}, "
                         f"and {other.times[what]}")
    logs = {tuple(log) for log in reference.logs}
    for log in other.logs:
        if tuple(log) not in logs:
            found.append(f"log: {log}, expected one of {sorted(logs)}")
    return found


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return Transcript(f)


def main():
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    transcripts = []
    for path in sys.argv[1:]:
        try:
            transcripts.append(read(path))
        except Damaged as e:
            print(f"compare_transcripts.py: {path}: {e}", file=sys.stderr)
            return 3
    found = compare(*transcripts)
    for line in found[:50]:
        print(line)
    if len(found) > 50:
        print(f"... {len(found) - 50} more")
    if not found:
        reference = transcripts[0]
        queues = [queue for family in reference.families for queue in family]
        print(f"the same: {len(queues)} queues with {sum(len(q.commands) for q in queues)} "
              f"commands, {len(reference.boots)} and {len(transcripts[1].boots)} boots")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as e:
        print(f"compare_transcripts.py: {e}", file=sys.stderr)
        sys.exit(2)
