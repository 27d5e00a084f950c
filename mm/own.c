/*
 * own.c: the states of ownership, and the loans behind them. Second life and host. The state stands in the
 * page's own record (key: the frame); each ownership and each loan is one Hold, found by page and by
 * process, so that the end of a process finds all of its own. A page that has an owner is refused by the
 * page allocator (page.c asks Page.state). One lock, innermost but for the heap's, which is never entered
 * under it: a Hold is taken before and given back after.
 */
#include "own.h"
#include "lib.h"
#include "log.h"

enum { NHASH = 256 };

typedef struct Hold Hold;
enum How { HowOwn, HowShared, HowMut };
struct Hold {
	Page *page;
	u32 pid;
	enum How how;
	Hold *bypage, *bypid; /* next in the two hashes */
};

static struct {
	Lock l;
	bool on;
	u32 owned, loans;    /* (l) */
	Hold *bypage[NHASH]; /* (l) */
	Hold *bypid[NHASH];  /* (l) */
} own;

static const char *const texts[NBORROW] = {
    [BORROW_OK] = "ok",
    [BORROW_EALREADY] = "already owned or borrowed",
    [BORROW_ENOTOWNER] = "not the owner",
    [BORROW_EBORROWED] = "still borrowed",
    [BORROW_EMUTBORROW] = "borrowed for writing",
    [BORROW_ESHAREDBORROW] = "borrowed for reading",
    [BORROW_ENOTBORROWED] = "not borrowed",
    [BORROW_EINVAL] = "bad page or owner",
    [BORROW_ENOMEM] = "no memory for the record",
    [BORROW_ENOTFOUND] = "nobody owns it",
};

const char *
borrowtext(enum Borrow e)
{
	return (u32)e < NBORROW ? texts[e] : "unknown";
}

void
borrowinit(void)
{
	own.on = true;
}

static Hold **
pagechain(const Page *p)
{
	/* 64 bytes a record: neighbouring frames take neighbouring chains */
	return &own.bypage[(kvabits(ptrkva(p)) / sizeof(Page)) % NHASH];
}

static Hold **
pidchain(u32 pid)
{
	return &own.bypid[pid % NHASH];
}

/* The hold of this page in this way: by pid, or by anyone (OwnerNone). */
static Hold *
find(const Page *p, enum How how, u32 pid)
{
	for (Hold *h = *pagechain(p); h != nil; h = h->bypage)
		if (h->page == p && h->how == how && (pid == OwnerNone || h->pid == pid))
			return h;
	return nil;
}

static void
link(Hold *h, Page *p, u32 pid, enum How how)
{
	*h = (Hold){.page = p, .pid = pid, .how = how, .bypage = *pagechain(p), .bypid = *pidchain(pid)};
	*pagechain(p) = *pidchain(pid) = h;
	if (how == HowOwn)
		own.owned++;
	else
		own.loans++;
}

static void
unlink(Hold *h)
{
	Hold **l;

	for (l = pagechain(h->page); *l != h; l = &(*l)->bypage)
		;
	*l = h->bypage;
	for (l = pidchain(h->pid); *l != h; l = &(*l)->bypid)
		;
	*l = h->bypid;
	if (h->how == HowOwn)
		own.owned--;
	else
		own.loans--;
}

/* After a loan ended: what the page's state is now. */
static void
settle(Page *p)
{
	p->state = find(p, HowMut, OwnerNone) != nil	  ? BORROW_MUT_LENT
		   : find(p, HowShared, OwnerNone) != nil ? BORROW_SHARED_OWNED
		   : find(p, HowOwn, OwnerNone) != nil	  ? BORROW_EXCLUSIVE
							  : BORROW_FREE;
}

static bool
sound(u32 pid, const Page *p)
{
	return own.on && p != nil && pid != OwnerNone;
}

/* Is p owned by pid? Under the lock. */
static enum Borrow
ownedby(u32 pid, const Page *p)
{
	const Hold *h;

	if (p->state == BORROW_FREE)
		return BORROW_ENOTFOUND;
	h = find(p, HowOwn, OwnerNone);
	return h != nil && h->pid == pid ? BORROW_OK : BORROW_ENOTOWNER;
}

static enum Borrow
unlent(const Page *p)
{
	return p->state == BORROW_EXCLUSIVE ? BORROW_OK : BORROW_EBORROWED;
}

/* May p be lent in this way to this borrower? Under the lock. */
static enum Borrow
lendable(u32 owner, u32 borrower, const Page *p, enum How how)
{
	enum Borrow e = ownedby(owner, p);

	if (e != BORROW_OK)
		return e;
	if (p->state == BORROW_MUT_LENT)
		return BORROW_EMUTBORROW;
	if (how == HowMut && p->state == BORROW_SHARED_OWNED)
		return BORROW_ESHAREDBORROW;
	if (borrower != OwnerNone && find(p, how, borrower) != nil)
		return BORROW_EALREADY;
	return BORROW_OK;
}

enum Borrow
borrow_acquire(u32 pid, Page *p)
{
	enum Borrow e = BORROW_EALREADY;
	Hold *h;

	if (!sound(pid, p))
		return BORROW_EINVAL;
	if ((h = malloc(sizeof *h)) == nil)
		return BORROW_ENOMEM;
	lock(&own.l);
	if (p->state == BORROW_FREE) {
		link(h, p, pid, HowOwn);
		p->state = BORROW_EXCLUSIVE;
		h = nil;
		e = BORROW_OK;
	}
	unlock(&own.l);
	free(h);
	return e;
}

enum Borrow
borrow_release(u32 pid, Page *p)
{
	Hold *h = nil;
	enum Borrow e;

	if (!sound(pid, p))
		return BORROW_EINVAL;
	lock(&own.l);
	if ((e = ownedby(pid, p)) == BORROW_OK && (e = unlent(p)) == BORROW_OK) {
		h = find(p, HowOwn, pid);
		unlink(h);
		p->state = BORROW_FREE;
	}
	unlock(&own.l);
	free(h);
	return e;
}

enum Borrow
borrow_transfer(u32 from, u32 to, Page *p)
{
	enum Borrow e;
	Hold *h;

	if (!sound(from, p) || to == OwnerNone)
		return BORROW_EINVAL;
	lock(&own.l);
	if ((e = ownedby(from, p)) == BORROW_OK && (e = unlent(p)) == BORROW_OK) {
		h = find(p, HowOwn, from);
		unlink(h);
		link(h, p, to, HowOwn);
	}
	unlock(&own.l);
	return e;
}

static enum Borrow
lend(u32 owner, u32 borrower, Page *p, enum How how)
{
	enum Borrow e;
	Hold *h;

	if (!sound(owner, p) || borrower == OwnerNone)
		return BORROW_EINVAL;
	if ((h = malloc(sizeof *h)) == nil)
		return BORROW_ENOMEM;
	lock(&own.l);
	if ((e = lendable(owner, borrower, p, how)) == BORROW_OK) {
		link(h, p, borrower, how);
		settle(p);
		h = nil;
	}
	unlock(&own.l);
	free(h);
	return e;
}

static enum Borrow
giveback(u32 borrower, Page *p, enum How how)
{
	enum Borrow e = BORROW_OK;
	Hold *h = nil;

	if (!sound(borrower, p))
		return BORROW_EINVAL;
	lock(&own.l);
	if (p->state == BORROW_FREE)
		e = BORROW_ENOTFOUND;
	else if ((h = find(p, how, borrower)) == nil)
		e = BORROW_ENOTBORROWED;
	else {
		unlink(h);
		settle(p);
	}
	unlock(&own.l);
	free(h);
	return e;
}

enum Borrow
borrow_borrow_shared(u32 owner, u32 borrower, Page *p)
{
	return lend(owner, borrower, p, HowShared);
}

enum Borrow
borrow_borrow_mut(u32 owner, u32 borrower, Page *p)
{
	return lend(owner, borrower, p, HowMut);
}

enum Borrow
borrow_return_shared(u32 borrower, Page *p)
{
	return giveback(borrower, p, HowShared);
}

enum Borrow
borrow_return_mut(u32 borrower, Page *p)
{
	return giveback(borrower, p, HowMut);
}

static bool
can(u32 owner, const Page *p, enum How how)
{
	bool yes;

	if (!sound(owner, p))
		return false;
	lock(&own.l);
	yes = lendable(owner, OwnerNone, p, how) == BORROW_OK;
	unlock(&own.l);
	return yes;
}

bool
borrow_can_borrow_shared(u32 owner, const Page *p)
{
	return can(owner, p, HowShared);
}

bool
borrow_can_borrow_mut(u32 owner, const Page *p)
{
	return can(owner, p, HowMut);
}

/* The page allocator's question when the last reference goes: somebody still owns it (P-3). */
void
ownbroken(const char *who, const Page *p, u64 pc)
{
	Owner o = borrow_owner(p);

	panic("%s: page %#llx is owned by %u (readers %u, writer %u), pc=%#llx", who, pabits(pagepa(p)),
	      o.owner, o.nshared, o.writer, pc);
}

Owner
borrow_owner(const Page *p)
{
	Owner o = {.state = BORROW_FREE};

	if (p == nil)
		return o;
	lock(&own.l);
	o.state = (enum Ownstate)p->state;
	for (const Hold *h = *pagechain(p); h != nil; h = h->bypage) {
		if (h->page != p)
			continue;
		if (h->how == HowOwn)
			o.owner = h->pid;
		else if (h->how == HowShared)
			o.nshared++;
		else
			o.writer = h->pid;
	}
	unlock(&own.l);
	return o;
}

/*
 * One hold of pid, taken out: its loans first, then what it owns. What others borrowed of it goes
 * with it: the owner is no more, so there is nobody to give it back to. Under the lock; nil: none left.
 */
static Hold *
takeone(u32 pid)
{
	Hold *h, *pick = nil;

	for (h = *pidchain(pid); h != nil; h = h->bypid)
		if (h->pid == pid && (pick == nil || h->how != HowOwn))
			pick = h;
	if (pick == nil)
		return nil;
	if (pick->how == HowOwn)
		for (h = *pagechain(pick->page); h != nil; h = h->bypage)
			if (h->page == pick->page && h->how != HowOwn) {
				pick = h;
				break;
			}
	unlink(pick);
	settle(pick->page);
	return pick;
}

u32
borrow_cleanup(u32 pid)
{
	u32 n = 0;
	Hold *h;

	if (pid == OwnerNone || (own.owned | own.loans) == 0) /* the usual end costs nothing */
		return 0;
	for (;;) {
		lock(&own.l);
		h = takeone(pid);
		unlock(&own.l);
		if (h == nil)
			return n;
		free(h);
		n++;
	}
}

void
borrow_count(u32 *owned, u32 *loans)
{
	lock(&own.l);
	*owned = own.owned;
	*loans = own.loans;
	unlock(&own.l);
}
