/*
 * own.h: who owns a page, who has borrowed it: lux9's borrow checker kept in the page records (P-1, P-2).
 * An owner has a page alone (exclusive), lends it to readers (shared) or to one writer (mut); what is lent
 * cannot be released, given away or freed. Owners are process numbers, or one of the system's own.
 */
#pragma once

#include "mm.h"

enum Ownstate { /* Page.state */
		BORROW_FREE,
		BORROW_EXCLUSIVE,
		BORROW_SHARED_OWNED,
		BORROW_MUT_LENT,
};

enum Borrow {
	BORROW_OK,
	BORROW_EALREADY,      /* has an owner; or this borrower has it already */
	BORROW_ENOTOWNER,     /* the caller does not own it */
	BORROW_EBORROWED,     /* lent: not to be released or given away */
	BORROW_EMUTBORROW,    /* lent to a writer */
	BORROW_ESHAREDBORROW, /* lent to readers */
	BORROW_ENOTBORROWED,  /* the caller has not borrowed it */
	BORROW_EINVAL,	      /* no page, or no owner */
	BORROW_ENOMEM,	      /* no memory for the record of the loan */
	BORROW_ENOTFOUND,     /* nobody owns it */
	NBORROW
};

enum { OwnerNone = 0, OwnerBootloader = 0xffffffff, OwnerKernel = 0xfffffffe };

typedef struct Owner Owner;
struct Owner { /* a snapshot */
	enum Ownstate state;
	u32 owner;   /* process number, OwnerKernel..., OwnerNone */
	u32 nshared; /* readers */
	u32 writer;  /* OwnerNone: nobody */
};

/* Ready to record; before it every call answers BORROW_EINVAL. Any context that may take a spin lock. */
void borrowinit(void);
const char *borrowtext(enum Borrow e);

enum Borrow borrow_acquire(u32 pid, Page *p) MUSTUSE;
enum Borrow borrow_release(u32 pid, Page *p) MUSTUSE;
/* The page changes hands; it must not be lent. */
enum Borrow borrow_transfer(u32 from, u32 to, Page *p) MUSTUSE;
enum Borrow borrow_borrow_shared(u32 owner, u32 borrower, Page *p) MUSTUSE;
enum Borrow borrow_borrow_mut(u32 owner, u32 borrower, Page *p) MUSTUSE;
enum Borrow borrow_return_shared(u32 borrower, Page *p) MUSTUSE;
enum Borrow borrow_return_mut(u32 borrower, Page *p) MUSTUSE;
bool borrow_can_borrow_shared(u32 owner, const Page *p);
bool borrow_can_borrow_mut(u32 owner, const Page *p);
Owner borrow_owner(const Page *p);
/* What a dead process owned becomes free, what it had borrowed goes back: how many (P-4). */
u32 borrow_cleanup(u32 pid);
/* Panic with the page, its owner and its borrowers: it was about to be freed, or mapped by a stranger (P-3).
 */
NORETURN void ownbroken(const char *who, const Page *p, u64 pc);
/* Pages owned and loans open, all together. */
void borrow_count(u32 *owned, u32 *loans);
