/*
 * options.h: the pure half of options.c, for the first life and the host tests.
 */
#pragma once

#include "u.h"

enum {
	ConfMax = 16 * KiB,   /* bytes of conf text */
	OptionsMax = 4 * KiB, /* characters of load options that are looked at */
	OptionMax = 512,      /* characters of one of them */
};

const char *confvalue(const char *conf, const char *name, usize *len);
bool confadd(char *conf, usize cap, const char *s, usize n);
u32 confwords(char *conf, usize cap, const char *s);
bool optiontext(const void *options, usize bytes, char *d, usize cap);
