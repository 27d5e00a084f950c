/*
 * error.c: the error strings that users see, and error() itself. Second life, in a process.
 * Takes a text, leaves it in up->errstr and goes to the newest waserror(). The texts are Plan 9's
 * [PLAN9-ABI 4.9]; programs compare them. No locks: a process's errors are its own.
 */
#include "dat.h"

const char Enonexist[] = "file does not exist";
const char Eexist[] = "file already exists";
const char Enotdir[] = "not a directory";
const char Eisdir[] = "file is a directory";
const char Eperm[] = "permission denied";
const char Ebadusefd[] = "inappropriate use of fd";
const char Ebadfd[] = "fd out of range or not open";
const char Enofd[] = "no free file descriptors";
const char Ebadarg[] = "bad arg in system call";
const char Ebadchar[] = "bad character in file name";
const char Efilename[] = "file name syntax";
const char Etoolong[] = "name too long";
const char Enodev[] = "unknown device in # filename";
const char Einuse[] = "device or object already in use";
const char Eshutdown[] = "device shut down";
const char Eio[] = "i/o error";
const char Ehungup[] = "i/o on hungup channel";
const char Ecount[] = "i/o count too small";
const char Etoobig[] = "read or write too large";
const char Etoosmall[] = "read or write too small";
const char Eisstream[] = "seek on a stream";
const char Edirseek[] = "seek in directory";
const char Enegoff[] = "negative i/o offset";
const char Eshortstat[] = "stat buffer too small";
const char Ebadstat[] = "malformed stat buffer";
const char Eismtpt[] = "is a mount point";
const char Emount[] = "inconsistent mount";
const char Eunmount[] = "not mounted";
const char Eunion[] = "not in union";
const char Enocreate[] = "mounted directory forbids creation";
const char Enoattach[] = "mount/attach disallowed";
const char Ebadspec[] = "bad attach specifier";
const char Ebadexec[] = "exec header invalid";
const char Edirexec[] = "cannot exec directory";
const char Enovmem[] = "virtual memory allocation failed";
const char Enomem[] = "kernel allocate failed";
const char Esoverlap[] = "segments overlap";
const char Enochild[] = "no living children";
const char Enoprocs[] = "no procs";
const char Eprocdied[] = "process exited";
const char Enoreg[] = "process has no saved registers";
const char Ebadctl[] = "bad process or channel control request";
const char Ecmdargs[] = "wrong #args in control message";
const char Eintr[] = "interrupted";
const char Eioload[] = "i/o error in demand load";
const char Eemptyname[] = "empty file name";
const char Enocreatedir[] = "create without DMDIR";
const char Enotyet[] = "system call not implemented";

void
error(const char *s)
{
	if (s != up->errstr)
		strecpy(up->errstr, ERRMAX, s);
	nexterror();
}

void
nexterror(void)
{
	if (up->nerrlab <= 0) {
		if (up->sargs == nil)
			panic("error: %s: nobody waits for it", up->errstr);
		gotolabel(&up->failed);
	}
	gotolabel(&up->errlab[--up->nerrlab]);
}
