# mkaout: a Plan 9 a.out out of a program of the initrd.
$(H)/mkaout: tools/mkaout.c
	@mkdir -p $(@D)
	$(Q)clang -std=gnu11 -O1 -Wall -Wextra -Werror $< -o $@
