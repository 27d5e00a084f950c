/*
 * exit.c: the one place where the first life leaves the firmware.
 *
 * Takes the Guest with all memory taken; gives a machine that is ours, the last map in the buffer and
 * its conversion in the ledger, and in the parcel the history of every try. Between a GetMemoryMap and
 * the ExitBootServices that uses its key there is arithmetic alone: no boot service, no console, no
 * log. Before the first exit a map that outgrew our buffers is answered with larger ones; after a
 * failed exit only GetMemoryMap and ExitBootServices are called [UEFI 2.10 7.4.6]. At most BootTries
 * of both together, then the refusal goes back to the firmware.
 */
#include "guest.h"

enum { TableSlack = 32 }; /* table pages beyond the plan: the map may still split */

/*
 * One call of GetMemoryMap into the whole buffer; g->map tells what came. After BUFFER_TOO_SMALL,
 * g->map.bytes is the size that the firmware asked for; the key that came with it is not kept.
 */
static EFI_STATUS
mapread(Guest *g)
{
	GuestMap *m = &g->map;
	UINTN bytes = m->cap, stride = 0, key = 0;
	UINT32 version = 0;
	EFI_STATUS s;

	g->taken = 0;
	s = g->bs->GetMemoryMap(&bytes, (EFI_MEMORY_DESCRIPTOR *)m->buf, &key, &stride, &version);
	*m = (GuestMap){.buf = m->buf, .cap = m->cap, .bytes = bytes};
	if (s != EFI_SUCCESS)
		return refuse(g, s, "the firmware does not give its memory map");
	if (bytes > m->cap)
		return refuse(g, EFI_COMPROMISED_DATA, "the memory map is larger than its buffer");
	m->stride = stride;
	m->key = key;
	m->version = version;
	m->entries = stride == 0 ? 0 : (u32)(bytes / stride);
	return EFI_SUCCESS;
}

/*
 * Read and weigh a map. EFI_BUFFER_TOO_SMALL: nothing is wrong that another call may not mend; before
 * the first exit, room has been made for a map that needs it.
 */
EFI_STATUS
mapready(Guest *g)
{
	EFI_STATUS s;

	s = mapread(g);
	if (s == EFI_BUFFER_TOO_SMALL && g->map.bytes > g->map.cap && !g->exiting)
		return (s = maptake(g)) != EFI_SUCCESS ? s : EFI_BUFFER_TOO_SMALL;
	if (s != EFI_SUCCESS)
		return s;
	s = considermap(g);
	if (s == EFI_BUFFER_TOO_SMALL && !g->exiting)
		return (s = tablestake(g, g->tables + TableSlack)) != EFI_SUCCESS ? s : EFI_BUFFER_TOO_SMALL;
	return s;
}

/* A checksum of the map, a word at a step: descriptors are whole words long. */
static u32
mapsum(const GuestMap *m)
{
	u64 sum = 0, i;

	for (i = 0; i + 8 <= m->entries * m->stride; i += 8)
		sum = (sum ^ le64(m->buf + i)) * 0x100000001b3ull;
	return (u32)(sum >> 32);
}

/* A row of the history, filled before the exit so that nothing lies between map and exit but the call. */
static BootTry *
newtry(Guest *g)
{
	GuestMap *m = &g->map;
	BootTry *t = &g->boot->keep.tries[g->boot->keep.ntries++];

	*t = (BootTry){.key = m->key, .entries = m->entries, .sum = mapsum(m)};
	return t;
}

/*
 * Leave boot services. EFI_SUCCESS: interrupts are off and no firmware word may be called any more.
 * Anything else is in words, and the firmware still lives.
 */
EFI_STATUS
leave(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	EFI_STATUS s = EFI_ABORTED;
	BootTry *t;

	for (k->ntries = 0; k->ntries < BootTries;) {
		k->texit0 = cycles();
		s = mapready(g);
		t = newtry(g);
		t->status = s;
		if (s == EFI_BUFFER_TOO_SMALL)
			continue;
		if (s != EFI_SUCCESS)
			break;
		g->exiting = true;
		s = t->status = g->bs->ExitBootServices(g->self, g->map.key);
		if (s == EFI_SUCCESS) {
			splhi();
			k->texit1 = cycles();
			return s;
		}
	}
	if (k->ntries == BootTries && g->exiting)
		return refuse(g, s, "the firmware refused %u times to let go", BootTries);
	return s;
}
