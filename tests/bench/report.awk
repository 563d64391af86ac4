# report.awk - one table from the rows that times.c measured and the budgets of run.sh (-v budgets=FILE).
# A budgets line is "ROW|FLOOR ROW or -|BUDGET": a number of times that floor, or with "-" of milliseconds. A row may
# have several; the first one's floor is that of the column "x floor".
BEGIN {
	FS = "\t"
	while ((getline line < budgets) > 0) {
		split(line, part, "|")
		if (!n[part[1]]++)
			base[part[1]] = part[2]
		floor[part[1], n[part[1]]] = part[2]
		budget[part[1], n[part[1]]] = part[3]
	}
}
{
	order[NR] = $1
	wall[$1] = $2
	least[$1] = $3
	cpu[$1] = $4
	rss[$1] = $5
	faults[$1] = $6
	failed[$1] = $7
}
END {
	printf "%-44s %9s %9s %9s %9s %8s %8s  %s\n", "", "median ms", "least ms", "cpu ms", "peak KiB",
		"faults", "x floor", "budget"
	for (i = 1; i <= NR; i++) {
		r = order[i]
		b = base[r]
		times = (b != "" && b != "-" && wall[b]) ? sprintf("%.2f", wall[r] / wall[b]) : "-"
		verdict = ""
		for (k = 1; k <= n[r]; k++) {
			most = budget[r, k]
			f = floor[r, k]
			if (most == "")
				continue
			verdict = verdict (verdict == "" ? "" : "; ")
			if (f == "-")
				verdict = verdict sprintf("%s ms: %s", most, wall[r] / 1000 <= most ? "met" : "MISSED")
			else if (wall[f])
				verdict = verdict sprintf("%sx%s: %s", most, k > 1 ? " of " f : "",
					wall[r] / wall[f] <= most ? "met" : sprintf("MISSED, %.2f", wall[r] / wall[f]))
		}
		if (failed[r] > 0)
			verdict = verdict " (" failed[r] " rounds failed)"
		if (wall[r] == 0)
			printf "%-44s %s\n", r, "failed in every round"
		else
			printf "%-44s %9.2f %9.2f %9.2f %9d %8d %8s  %s\n", r, wall[r] / 1000, least[r] / 1000,
				cpu[r] / 1000, rss[r], faults[r], times, verdict
	}
}
