#!/bin/sh
# benchmap.sh: instructions of the conversion for 100 to 100 000 descriptors, counted by valgrind.
# Prints `bench: map_<order>_<n> <instructions> instr`; status 1 if 10 000 cost more than 20 million.
set -eu
tool=${1:-out/host/benchmap}
trap 'rm -f "$out"' EXIT
out=$(mktemp)
for order in sorted shuffled; do
	for n in ${SIZES:-100 1000 10000 100000}; do
		valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=fwmapconvert "$tool" $n $order >"$out" 2>&1
		i=$(sed -n 's/.*Collected : *//p' "$out")
		echo "bench: map_${order}_$n $i instr"
		if [ $n = 10000 ] && [ "$i" -gt 20000000 ]; then
			echo "benchmap: more than 20 million instructions for 10 000 descriptors" >&2
			exit 1
		fi
	done
done
