"""The conversion's rules written a second time, in another language and from their text alone.

Slow and plain on purpose: classes are found for each stretch between two edges by looking at every
descriptor. Used against efimap and the kernel's own files.
"""
PAGE = 4096
ORDER = "free boot loader special unaccepted persistent acpi nvs reserved mmio runtime bad".split()
SUMS = "free boot loader low special unaccepted persistent acpi nvs reserved mmio runtime bad".split()
WB, SP, RUNTIME = 1 << 3, 1 << 18, 1 << 63
MEMORY = ("free", "boot", "loader")


def classify(e):
    """(class, anomaly or None) of one descriptor: the first rule that fits."""
    t, a = e["type"], e["attribute"]
    if t == 8:
        return "bad", None
    if t in (11, 12):
        return "mmio", None
    if t in (5, 6) or a & RUNTIME:
        return "runtime", None
    if t in (0, 13) or t >= 16:
        return "reserved", "unknown-type" if 16 <= t <= 0x6FFFFFFF else None
    if t == 10:
        return "nvs", None
    if t == 9:
        return "acpi", None
    if t == 14:
        return "persistent", None
    if t == 15:
        return "unaccepted", None
    if not a & WB:
        return "reserved", "not-wb"
    if a & SP:
        return "special", None
    return {1: "loader", 2: "loader", 3: "boot", 4: "boot", 7: "free"}[t], None


def convert(entries, arch="x86_64"):
    """{"ledger", "sums", "anomalies"} of the entries, as efimap prints them (without reasons)."""
    kept, anomalies, order = [], [], []
    for i, e in enumerate(entries):
        end = e["start"] + PAGE * e["pages"]
        if e["pages"] == 0:
            anomalies.append(("empty", (i,)))
            continue
        if end > 1 << 52:
            anomalies.append(("wraps", (i,)))
            continue
        c, odd = classify(e)
        if odd:
            anomalies.append((odd, (i,)))
        lo, hi = e["start"], end
        if lo % PAGE:
            anomalies.append(("unaligned", (i,)))
            if c in ("free", "boot", "loader", "special"):
                lo, hi = -(-lo // PAGE) * PAGE, hi // PAGE * PAGE
            else:
                lo, hi = lo // PAGE * PAGE, -(-hi // PAGE) * PAGE
        order.append(lo)
        if lo < hi:
            kept.append((lo, hi, c, i))
    if any(order[i] < max(order[:i]) for i in range(1, len(order))):
        anomalies.append(("unsorted", ()))
    for x in range(len(kept)):
        for y in range(x + 1, len(kept)):
            if kept[x][0] < kept[y][1] and kept[y][0] < kept[x][1]:
                anomalies.append(("overlap", (kept[x][3], kept[y][3])))

    edges = sorted({0, 0x1000, 0xA0000, 0x100000} | {k[0] for k in kept} | {k[1] for k in kept})
    ledger, hole = [], set()
    described = sum(k[1] - k[0] for k in kept)
    covered = 0
    kept.sort()
    for a, b in zip(edges, edges[1:]):
        over = [k for k in kept if k[0] <= a and k[1] >= b]
        if not over:
            continue
        covered += b - a
        c = max((k[2] for k in over), key=ORDER.index)
        if c in MEMORY and a < 0x1000:
            c = "reserved"
        elif c in MEMORY and arch == "x86_64" and 0xA0000 <= a < 0x100000:
            c = "reserved"
            hole |= {k[3] for k in over}
        elif c in MEMORY and arch == "x86_64" and a < 0xA0000:
            c = "low"
        if ledger and ledger[-1]["end"] == a and ledger[-1]["class"] == c:
            ledger[-1]["end"] = b
        else:
            ledger.append({"start": a, "end": b, "class": c})
    for r in ledger:
        r["from"] = sorted(k[3] for k in kept if k[0] < r["end"] and k[1] > r["start"])
    if hole:
        anomalies.append(("legacy-hole", tuple(sorted(hole))))
    sums = {c: sum(r["end"] - r["start"] for r in ledger if r["class"] == c) for c in SUMS}
    sums = {"described": described, **sums, "overlap": described - covered}
    sums["off"] = described - sums["overlap"] - sum(sums[c] for c in SUMS)
    return {"ledger": ledger, "sums": sums, "anomalies": sorted(anomalies)}


def plain(j):
    """efimap's JSON in the oracle's shape."""
    return {
        "ledger": [{k: r[k] for k in ("start", "end", "class", "from")} for r in j["ledger"]],
        "sums": j["sums"],
        "anomalies": sorted((a["kind"], tuple(a["entries"])) for a in j["anomalies"]),
    }
