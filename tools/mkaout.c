/*
 * mkaout.c: turn a program linked with esp/rt/user.ld (static ELF64, text from UTZERO, data at the next
 * 2 MiB) into a Plan 9 a.out for amd64 or arm64 [PLAN9-ABI 1.1, 8]: big-endian header, text, data, no
 *symbols. The header takes the first 40 bytes at UTZERO, where the ELF's own headers were.
 *
 *	mkaout in.elf out.aout
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MagicAmd64 = 0x8a97, MagicArm64 = 0x8c47, Hdrsize = 40, Utzero = 0x200000, Align = 0x200000 };

__attribute__((noreturn)) static void
die(const char *file, const char *why)
{
	fprintf(stderr, "mkaout: %s: %s\n", file, why);
	exit(1);
}

static void
put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint8_t *
slurp(const char *name, size_t *size)
{
	FILE *f = fopen(name, "rb");
	uint8_t *p;
	long n;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (n = ftell(f)) < 0)
		die(name, "cannot read");
	p = calloc(1, (size_t)n + 1);
	rewind(f);
	if (!p || fread(p, 1, (size_t)n, f) != (size_t)n)
		die(name, "short read");
	fclose(f);
	*size = (size_t)n;
	return p;
}

/* The i-th program header, its bytes inside the file. */
static const Elf64_Phdr *
segment(const char *name, const uint8_t *elf, size_t size, int i)
{
	const Elf64_Ehdr *eh = (const void *)elf;
	const Elf64_Phdr *ph;

	if (size < sizeof *eh || memcmp(elf, ELFMAG, SELFMAG) != 0 || i >= eh->e_phnum ||
	    eh->e_phoff + (uint64_t)(i + 1) * sizeof *ph > size)
		die(name, "not the ELF that user.ld makes");
	ph = (const Elf64_Phdr *)(elf + eh->e_phoff) + i;
	if (ph->p_type != PT_LOAD || ph->p_offset > size || ph->p_filesz > size - ph->p_offset)
		die(name, "bad segment");
	return ph;
}

int
main(int argc, char **argv)
{
	size_t size;
	uint8_t hdr[Hdrsize] = {0};

	if (argc != 3)
		die("usage", "mkaout in.elf out.aout");
	uint8_t *elf = slurp(argv[1], &size);
	const Elf64_Phdr *text = segment(argv[1], elf, size, 0), *data = segment(argv[1], elf, size, 1);
	uint64_t textsize = text->p_filesz - Hdrsize;
	uint64_t entry = ((const Elf64_Ehdr *)elf)->e_entry;

	if (text->p_vaddr != Utzero || text->p_filesz < Hdrsize ||
	    data->p_vaddr != (Utzero + text->p_filesz + Align - 1) / Align * Align)
		die(argv[1], "segments are not where an a.out has them");
	put32(hdr, ((const Elf64_Ehdr *)elf)->e_machine == EM_AARCH64 ? MagicArm64 : MagicAmd64);
	put32(hdr + 4, (uint32_t)textsize);
	put32(hdr + 8, (uint32_t)data->p_filesz);
	put32(hdr + 12, (uint32_t)(data->p_memsz - data->p_filesz));
	put32(hdr + 20, (uint32_t)entry);
	put32(hdr + 36, (uint32_t)entry);
	FILE *f = fopen(argv[2], "wb");
	if (!f || fwrite(hdr, 1, Hdrsize, f) != Hdrsize ||
	    fwrite(elf + text->p_offset + Hdrsize, 1, textsize, f) != textsize ||
	    fwrite(elf + data->p_offset, 1, data->p_filesz, f) != data->p_filesz || fclose(f) != 0)
		die(argv[2], "cannot write");
	return 0;
}
