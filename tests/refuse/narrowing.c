/* A value is not cut in silence. room: mm  refused: conversion|loses integer precision|implicit */
#include "u.h"

u32 pages(u64 bytes);

u32
pages(u64 bytes)
{
#ifdef REFUSE
	return bytes / 4096;
#else
	return (u32)(bytes / 4096);
#endif
}
