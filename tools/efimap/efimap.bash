# efimap.bash: completion of efimap's command line: source it, or put it into /etc/bash_completion.d.
_efimap()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	case $prev in
	--as) COMPREPLY=($(compgen -W "imago linux-old linux-flags linux-arm64 uefi-shell uefi-shell-sfo grub freebsd xen raw e820" -- "$cur")) ;;
	--arch) COMPREPLY=($(compgen -W "x86_64 aarch64" -- "$cur")) ;;
	--color) COMPREPLY=($(compgen -W "always never auto" -- "$cur")) ;;
	--stride) COMPREPLY=($(compgen -W "40 48 56 64" -- "$cur")) ;;
	--nth) COMPREPLY=() ;;
	*)
		if [[ $cur == -* ]]; then
			COMPREPLY=($(compgen -W "--table --json --svg --html --as --diff --check --raw --stride --arch --nth --strict --color --help" -- "$cur"))
		else
			COMPREPLY=($(compgen -f -- "$cur"))
		fi
		;;
	esac
}
complete -o filenames -F _efimap efimap
