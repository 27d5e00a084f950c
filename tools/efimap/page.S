/* page.S: page.html as bytes in the program, a NUL behind them. */
	.section .rodata
	.globl pagestart, pageend
pagestart:
	.incbin "tools/efimap/page.html"
pageend:
	.byte 0
	.section .note.GNU-stack,"",@progbits
